#!/usr/bin/env bats
# distccd as root on a Node that refuses to change accounts, as Debian 13's does, which is built with the system's
# libuv. Only the refusal is imitated here; setpriv, the kernel and the daemon are real.

bats_require_minimum_version 1.5.0

setup() {
  load ../support/common.bash
  [ "$(id -u)" = 0 ] || skip 'only root becomes another account'
  PORT=$(free_port)
  make_masks "$BATS_TEST_TMPDIR/masks" gcc
  open_folder "$BATS_TEST_TMPDIR/tmp"
  export TMPDIR=$BATS_TEST_TMPDIR/tmp
  cat >"$BATS_TEST_TMPDIR/refuse.cjs" <<'EOF'
for (const name of ['setgroups', 'initgroups', 'setgid', 'setegid', 'setuid', 'seteuid']) {
  process[name] = () => {
    throw Object.assign(new Error(`${name}() disabled: io_uring may be enabled`), { code: 'ERR_INVALID_STATE' });
  };
}
EOF
  chmod 644 "$BATS_TEST_TMPDIR/refuse.cjs"
  export NODE_OPTIONS="--require $BATS_TEST_TMPDIR/refuse.cjs"
}
teardown() {
  unset NODE_OPTIONS
  end_noted
}

# The ids and groups of every thread of a process, each once.
rights() { sed -nE 's/^((Uid|Gid|Groups|CapEff):)\s*/\1/p' "/proc/$1/task/"*/status | sort -u | tr '\t' ' '; }

@test "a daemon becomes the account with all its threads and loses every other group" {
  setpriv --groups 0,4,27 "$OURS/distccd" --daemon --no-detach --log-stderr --listen 127.0.0.1 --port "$PORT" --user nobody \
    --masquerade-dir "$BATS_TEST_TMPDIR/masks" --allow 127.0.0.1 2>"$BATS_TEST_TMPDIR/log" 3>&- </dev/null &
  note_pid $!
  wait_until grep "listening on" "$BATS_TEST_TMPDIR/log"
  run -0 rights $!
  assert_output "$(printf '%s\n' 'CapEff:0000000000000000' 'Gid:65534 65534 65534 65534' 'Groups:65534 ' 'Uid:65534 65534 65534 65534')"
  run -0 env -u NODE_OPTIONS "$OURS/lsdistcc" -pgcc -k60000 -t60 "-r$PORT" 127.0.0.1
  assert_output "127.0.0.1:$PORT"
}

@test "a detached daemon does so too, and its starter hears of an account that is not there" {
  "$OURS/distccd" --daemon --listen 127.0.0.1 --port "$PORT" --user nobody --log-file "$TMPDIR/log" --pid-file "$BATS_TEST_TMPDIR/pid" \
    --masquerade-dir "$BATS_TEST_TMPDIR/masks" --allow 127.0.0.1 3>&-
  note_pid "$(cat "$BATS_TEST_TMPDIR/pid")"
  run -0 rights "$(cat "$BATS_TEST_TMPDIR/pid")"
  assert_line 'Uid:65534 65534 65534 65534'
  assert_line 'Groups:65534 '
  run "$OURS/distccd" --daemon --listen 127.0.0.1 --port "$(free_port)" --user nosuch
  assert_failure 112
  assert_output 'distccd: ERROR: there is no account "nosuch": name an existing one with --user, or with User= in a unit of systemd'
}

@test "the pid file that root made is removed when the daemon ends, also when it is killed, but not another daemon's" {
  local folder=$BATS_TEST_TMPDIR/of-root signal
  mkdir -m 755 "$folder"
  serve_as_nobody() {
    "$OURS/distccd" --daemon --listen 127.0.0.1 --port "$PORT" --user nobody --log-file "$TMPDIR/log" --pid-file "$folder/pid" \
      --masquerade-dir "$BATS_TEST_TMPDIR/masks" --allow 127.0.0.1 3>&-
    note_pid "$(cat "$folder/pid")"
  }
  for signal in TERM KILL; do
    serve_as_nobody
    kill "-$signal" "$(cat "$folder/pid")"
    wait_until test ! -e "$folder/pid"
  done
  serve_as_nobody
  pid=$(cat "$folder/pid")
  echo 1 >"$folder/pid"
  kill "$pid"
  wait_until test ! -e "/proc/$pid"
  # Its remover has ended too.
  wait_until sh -c "! pgrep -f '[d]istccd-pid-file $folder/pid'"
  assert_equal "$(cat "$folder/pid")" 1
}

@test "a client on stdin is served as the account" {
  export DISTCC_DIR=$BATS_TEST_TMPDIR/distcc-dir DISTCC_HOSTS=@here DISTCC_FALLBACK=0
  mkdir "$DISTCC_DIR"
  cat >"$BATS_TEST_TMPDIR/ssh" <<EOF
#!/bin/sh
exec "$OURS/distccd" --inetd --user nobody --masquerade-dir "$BATS_TEST_TMPDIR/masks" --log-file "$TMPDIR/log" --log-level info
EOF
  chmod 755 "$BATS_TEST_TMPDIR/ssh"
  cd "$BATS_TEST_TMPDIR"
  echo 'int f(void) { return 1; }' >a.c
  DISTCC_SSH="$BATS_TEST_TMPDIR/ssh" DISTCC_AGENT=0 DISTCC_NO_REWRITE_CROSS=1 run -0 "$OURS/distcc" gcc -c a.c -o a.o
  assert [ -s a.o ]
  run -0 grep COMPILE_OK "$TMPDIR/log"
  assert_equal "$(stat -c %U "$TMPDIR/log")" nobody
}
