#!/usr/bin/env bats
# shellcheck disable=SC2154 # run --separate-stderr sets $stderr
# distccd's settings for the machine it runs on: log, memory, life time, and what it says of itself.

bats_require_minimum_version 1.5.0

setup() {
  load ../support/common.bash
  PORT=$(free_port)
  open_folder "$BATS_TEST_TMPDIR/tmp"
  open_folder "$BATS_TEST_TMPDIR/run"
  make_masks "$BATS_TEST_TMPDIR/masks" gcc
  export TMPDIR=$BATS_TEST_TMPDIR/tmp
  PID_FILE=$BATS_TEST_TMPDIR/run/pid
  LOG=$TMPDIR/log
}
teardown() {
  end_noted
}

start() {
  "$OURS/distccd" --daemon --port "$PORT" --listen 127.0.0.1 --masquerade-dir "$BATS_TEST_TMPDIR/masks" --log-file "$LOG" \
    --pid-file "$PID_FILE" --allow 127.0.0.1 "$@" && note_pid "$(cat "$PID_FILE")"
}

as_root() { [ "$(id -u)" = 0 ] || skip 'only root can give up being root: run the tests as root'; }

@test "--log-format json writes one object a line, with level, time, program, pid and message" {
  start --log-format json --log-level info
  run node -e '
    const lines = require("node:fs").readFileSync(process.argv[1], "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
    for (const { level, time, program, pid, message } of lines) {
      if (Number.isNaN(Date.parse(time)) || program !== "distccd" || String(pid) !== process.argv[2]) throw new Error("fields");
      console.log(`${level} ${message}`);
    }' "$LOG" "$(cat "$PID_FILE")"
  assert_success
  assert_line 'info serving 127.0.0.1/32'
  assert_line "notice listening on 127.0.0.1:$PORT"
}

@test "--oom-score-adj is the daemon's, as the account that serves" {
  start --oom-score-adj 321
  assert_equal "$(cat "/proc/$(cat "$PID_FILE")/oom_score_adj")" 321
}

@test "without --oom-score-adj the score stays what it was" {
  start
  assert_equal "$(cat "/proc/$(cat "$PID_FILE")/oom_score_adj")" "$(cat /proc/self/oom_score_adj)"
}

@test "a score that only root may set is a warning, and the daemon serves" {
  as_root
  run setpriv --reuid=games --regid=games --clear-groups "$OURS/distccd" --daemon --port "$PORT" --listen 127.0.0.1 \
    --masquerade-dir "$BATS_TEST_TMPDIR/masks" --log-file "$LOG" --pid-file "$PID_FILE" --allow 127.0.0.1 --oom-score-adj -500
  note_pid "$(cat "$PID_FILE")"
  assert_success
  assert_output 'distccd: Warning: cannot set the out-of-memory score to -500: only root may lower it, so start as root; it stays as it was'
}

@test "--lifetime ends the daemon as SIGTERM does" {
  start --lifetime 1
  wait_until is_gone "$(cat "$PID_FILE")"
  [ ! -e "$PID_FILE" ]
  grep -q 'served for 1 seconds, which is its --lifetime' "$LOG"
  grep -q 'ended$' "$LOG"
}

@test "options of distcc that mean nothing here are accepted" {
  start --no-fork --no-fifo
  listens "$PORT"
}
