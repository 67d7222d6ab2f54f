#!/usr/bin/env bats
# distccd started by others for one connection: every inetd of Debian, systemd, ssh, with both clients.

bats_require_minimum_version 1.5.0

setup() {
  load ../support/common.bash
  load ../support/inetd.bash
  PORT=$(free_port)
  NODE=$(command -v node)
  export DISTCC_DIR=$BATS_TEST_TMPDIR/distcc-dir
  mkdir -p "$DISTCC_DIR" "$BATS_TEST_TMPDIR/work"
  cd "$BATS_TEST_TMPDIR/work" || return 1
  make_masks "$BATS_TEST_TMPDIR/masks" gcc slowcc x86_64-linux-gnu-gcc aarch64-linux-gnu-gcc
  open_folder "$BATS_TEST_TMPDIR/log"
  open_folder "$BATS_TEST_TMPDIR/tmp"
  LOG=$BATS_TEST_TMPDIR/log/distccd
  # Bare words, as inetd.conf has them: Node by its path, since there may be no PATH.
  words=("$NODE" "$OURS/distccd" --inetd --masquerade-dir "$BATS_TEST_TMPDIR/masks" --log-file "$LOG" --log-level info)
  printf '#include <stdio.h>\nint main(void) { return printf("%%s", __FILE__); }\n' >hello.c
  gcc -c hello.c -o local.o
  unset DISTCC_FALLBACK DISTCC_SSH
}
teardown() {
  cd /
  end_noted
}

# compiles CLIENT: one compile there and nowhere else, with nothing to say, and the object of a local one.
compiles() {
  rm -f hello.o
  run env DISTCC_HOSTS="${HOSTS:-127.0.0.1:$PORT}" DISTCC_FALLBACK=0 "$1" gcc -c hello.c -o hello.o
  assert_success
  assert_output ''
  cmp hello.o local.o
}

no_spool() { [ -z "$(find "${JOB_TMP:-/tmp}" -maxdepth 1 -name 'distccd-spool-*' -newer local.o -user "$(serving_account)")" ]; }

both_compile() {
  compiles /usr/bin/distcc
  compiles "$OURS/distcc"
  HOSTS=127.0.0.1:$PORT,lzo compiles "$OURS/distcc"
  wait_until is_logged 3 'client: 127\.0\.0\.1:[0-9]* COMPILE_OK exit:0 sig:0 core:0 ret:0'
  # Each ends with its job, and takes its folder along, after the client has its answer.
  wait_until no_spool
}

is_logged() { [ "$(grep -c "$2" "$LOG")" = "$1" ]; }

serving_account() {
  if [ "$(id -u)" != 0 ]; then id -un; else usual_account; fi
}

@test "openbsd-inetd starts it, without a PATH or HOME" {
  unpack_servers
  inetd_conf "${words[@]}" --allow 127.0.0.1
  super_server "$SERVERS/usr/sbin/inetd" -d "$BATS_TEST_TMPDIR/inetd.conf"
  both_compile
  assert_equal "$(stat -c %U "$LOG")" "$(serving_account)"
}

@test "inetutils-inetd starts it" {
  unpack_servers
  inetd_conf "${words[@]}" --allow 127.0.0.1
  super_server "$SERVERS/usr/sbin/inetutils-inetd" --debug --environment --pidfile="$BATS_TEST_TMPDIR/inetd.pid" \
    "$BATS_TEST_TMPDIR/inetd.conf"
  both_compile
}

@test "xinetd starts it" {
  unpack_servers
  xinetd_conf "${words[@]}" --allow 127.0.0.1
  super_server "$SERVERS/usr/sbin/xinetd" -dontfork -f "$BATS_TEST_TMPDIR/xinetd.conf" -pidfile "$BATS_TEST_TMPDIR/xinetd.pid"
  both_compile
}

@test "tcpserver starts it" {
  unpack_servers
  super_server "$SERVERS/usr/bin/tcpserver" -H -R 127.0.0.1 "$PORT" "${words[@]}"
  both_compile
}

@test "systemd starts it for each connection, and it serves its stdin without being told" {
  unset 'words[2]'
  SERVERS=/ super_server systemd-socket-activate --inetd --accept -l "127.0.0.1:$PORT" "${words[@]}"
  both_compile
}

@test "the access list holds: a refused client gets nothing, and the log has the reason" {
  unpack_servers
  inetd_conf "${words[@]}" --allow 10.0.0.0/8
  super_server "$SERVERS/usr/sbin/inetd" -d "$BATS_TEST_TMPDIR/inetd.conf"
  run bash -c "exec 9<>/dev/tcp/127.0.0.1/$PORT; cat <&9"
  assert_output ''
  wait_until grep -q "ERROR: connection from client '127\.0\.0\.1:[0-9]*' denied by access list" "$LOG"
}

@test "what stops it from serving is not said to the client" {
  unpack_servers
  inetd_conf "${words[@]}" --bogus
  super_server "$SERVERS/usr/sbin/inetd" -d "$BATS_TEST_TMPDIR/inetd.conf"
  run bash -c "exec 9<>/dev/tcp/127.0.0.1/$PORT; cat <&9"
  assert_output ''
}

@test "stdout and stderr lead nowhere while it serves a socket, whatever Node or a compiler would say" {
  unpack_servers
  printf '#!/bin/sh\ncase $* in *-E*) exec gcc "$@" ;; esac\nexec sleep 60\n' >"$BATS_TEST_TMPDIR/log/slowcc"
  chmod 755 "$BATS_TEST_TMPDIR/log/slowcc"
  inetd_conf /usr/bin/env DISTCCD_PATH="$BATS_TEST_TMPDIR/log:/usr/bin:/bin" TMPDIR="$BATS_TEST_TMPDIR/tmp" NODE_OPTIONS=--trace-warnings "${words[@]}"
  super_server "$SERVERS/usr/sbin/inetd" -d "$BATS_TEST_TMPDIR/inetd.conf"
  PATH=$BATS_TEST_TMPDIR/log:$PATH DISTCC_HOSTS=127.0.0.1:$PORT /usr/bin/distcc slowcc -c hello.c -o hello.o 3>&- 2>/dev/null &
  local client=$!
  note_pid "$client"
  wait_until is_logged 1 'compile from hello.c'
  local server
  server=$(sed -n 's/^distccd\[\([0-9]*\)\] connection from .*/\1/p' "$LOG")
  run readlink "/proc/$server/fd/0" "/proc/$server/fd/1" "/proc/$server/fd/2"
  assert_line --index 0 --regexp '^socket:'
  assert_line --index 1 /dev/null
  assert_line --index 2 /dev/null
  # TMPDIR and DISTCCD_PATH are what it was told.
  run find "$BATS_TEST_TMPDIR/tmp" -name hello.i
  assert_output --regexp '/tmp/distccd-spool-[^/]*/job-[0-9a-f]+/hello.i$'
  run pgrep -P "$server"
  assert_output --regexp '^[0-9]+$'
  local compiler=$output
  kill "$client"
  wait_until is_gone "$server"
  wait_until is_gone "$compiler"
  run find "$BATS_TEST_TMPDIR/tmp" -mindepth 1
  assert_output ''
}

# ssh HOST COMMAND...: a shell here instead of the network, with what sshd sets and nothing else.
make_ssh() {
  cat >"$BATS_TEST_TMPDIR/ssh" <<END
#!/bin/bash
echo "\$*" >>"$BATS_TEST_TMPDIR/ssh.words"
shift
[ "\$1" = distccd ] || exit 9
shift
exec env -i HOME=/ SSH_CONNECTION='192.0.2.7 50000 192.0.2.1 22' "$NODE" "$OURS/distccd" "\$@" --log-file "$LOG" --log-level info $*
END
  chmod 755 "$BATS_TEST_TMPDIR/ssh"
  export DISTCC_SSH=$BATS_TEST_TMPDIR/ssh HOSTS=@somewhere
}

@test "ssh starts it for both clients, which it knows by the address that sshd says" {
  make_ssh --resident 0
  compiles /usr/bin/distcc
  compiles "$OURS/distcc"
  HOSTS=@somewhere,lzo compiles "$OURS/distcc"
  is_logged 3 'client: 192\.0\.2\.7:50000 COMPILE_OK'
  run sort -u "$BATS_TEST_TMPDIR/ssh.words"
  assert_output 'somewhere distccd --inetd --enable-tcp-insecure'
}

@test "--allow holds for who comes by ssh" {
  make_ssh --allow 10.0.0.0/8
  run env DISTCC_HOSTS=@somewhere DISTCC_FALLBACK=0 /usr/bin/distcc gcc -c hello.c -o hello.o
  assert_failure
  wait_until grep -q "connection from client '192.0.2.7:50000' denied by access list" "$LOG"
}

@test "a start that fails over ssh says why to the user there" {
  make_ssh --bogus
  run env DISTCC_HOSTS=@somewhere DISTCC_FALLBACK=0 /usr/bin/distcc gcc -c hello.c -o hello.o
  assert_failure
  assert_output --partial 'distccd: ERROR: --bogus: unknown option'
}

@test "its exit status is distcc's internal code of the job" {
  run bash -c "${words[*]} </dev/null"
  assert_equal "$status" 108
  run bash -c "printf GARBAGEGARBAGE | ${words[*]}"
  assert_equal "$status" 109
  run bash -c "printf 'DIST00000001ARGC00000002' | ${words[*]}"
  assert_equal "$status" 108
  assert_output ''
  run bash -c "SSH_CONNECTION='192.0.2.7 5 192.0.2.1 22' ${words[*]} --allow 10.0.0.0/8 </dev/null"
  assert_equal "$status" 113
}
