# What the tests of distccd's command line share: a free port, folders that its account may use, and compilers it may
# run.
# shellcheck shell=bash

set_daemon_up() {
  PORT=$(free_port)
  open_folder "$BATS_TEST_TMPDIR/tmp"
  open_folder "$BATS_TEST_TMPDIR/run"
  make_masks "$BATS_TEST_TMPDIR/masks" gcc
  export TMPDIR=$BATS_TEST_TMPDIR/tmp
  PID_FILE=$BATS_TEST_TMPDIR/run/pid
  LOG=$TMPDIR/log
}

# start [OPTION...]: distccd in the background, as a start script would.
start() {
  "$OURS/distccd" --daemon --port "$PORT" --listen 127.0.0.1 --masquerade-dir "$BATS_TEST_TMPDIR/masks" --log-file "$LOG" \
    --pid-file "$PID_FILE" "$@"
}
