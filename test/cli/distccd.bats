#!/usr/bin/env bats
# shellcheck disable=SC2154 # run --separate-stderr sets $stderr
# distccd as its administrator meets it: the command line, starting and detaching, accounts, files, signals.

bats_require_minimum_version 1.5.0

setup() {
  load ../support/common.bash
  load ../support/distccd.bash
  set_daemon_up
}
teardown() {
  end_noted
}

@test "--version and --help print to stdout and exit 0" {
  run --separate-stderr "$OURS/distccd" --version
  assert_success
  assert_line --index 0 --regexp '^distccd [0-9.]+ [a-z0-9_-]+$'
  assert_equal "$stderr" ''
  run --separate-stderr "$OURS/distccd" --help
  assert_success
  assert_output --partial 'Usage: distccd [options]'
  assert_equal "$stderr" ''
}

@test "a wrong option ends with 101 and one sentence on stderr" {
  for words in '--bogus' '--port 80000' '--allow 1.2.3.4/40' '--allow 1.2.3.4.5/8' '--log-level loud' '--log-format xml' '--jobs 0'; do
    # shellcheck disable=SC2086 # each holds an option and its value
    run --separate-stderr "$OURS/distccd" --no-detach $words
    assert_failure 101
    assert_equal "$output" ''
    assert_equal "$(grep -c . <<<"$stderr")" 1
    [[ $stderr == 'distccd: ERROR: '* ]]
  done
}

@test "the sentence about a wrong option reaches the starter of a detaching daemon, and no pid file appears" {
  run --separate-stderr start --allow 10.0.0.0/33
  assert_failure 101
  [[ $stderr == *'cannot understand "10.0.0.0/33"'*'write an address such as'* ]]
  [ ! -e "$PID_FILE" ]
}

@test "the starter ends with 0 when the socket listens and the pid file is written" {
  run --separate-stderr start --allow 127.0.0.1
  note_pid "$(cat "$PID_FILE")"
  assert_success
  assert_equal "$output$stderr" ''
  listens "$PORT"
  run ps -o ppid=,sid=,tty= -p "$(cat "$PID_FILE")"
  assert_output --regexp "^ *[0-9]+ +$(cat "$PID_FILE") +\?$"
}

@test "a detached daemon is called as its starter was, also where node is a link: rc.subr(8) looks for these words" {
  ln -s "$(readlink -f "$(command -v node)")" "$BATS_TEST_TMPDIR/some-node"
  ln -s "$OURS/distccd" "$BATS_TEST_TMPDIR/some-distccd"
  "$BATS_TEST_TMPDIR/some-node" "$BATS_TEST_TMPDIR/some-distccd" --daemon --port "$PORT" --listen 127.0.0.1 --allow 127.0.0.1 \
    --masquerade-dir "$BATS_TEST_TMPDIR/masks" --log-file "$LOG" --pid-file "$PID_FILE"
  note_pid "$(cat "$PID_FILE")"
  run tr '\0' ' ' <"/proc/$(cat "$PID_FILE")/cmdline"
  assert_output --partial "$BATS_TEST_TMPDIR/some-node $BATS_TEST_TMPDIR/some-distccd --daemon --port $PORT "
}

@test "pgrep and killall know a daemon as distccd, detached or not, and an agent as distcc-agent" {
  start --allow 127.0.0.1
  note_pid "$(cat "$PID_FILE")"
  assert_equal "$(ps -o comm= -p "$(cat "$PID_FILE")")" distccd
  local port
  port=$(free_port)
  node "$OURS/distccd" --daemon --no-detach --port "$port" --listen 127.0.0.1 --allow 127.0.0.1 --log-file "$LOG.2" \
    --masquerade-dir "$BATS_TEST_TMPDIR/masks" 3>&- &
  note_pid "$!"
  wait_until listens "$port"
  assert_equal "$(ps -o comm= -p "$!")" distccd
  echo 'int x;' >"$TMPDIR/a.c"
  mkdir "$BATS_TEST_TMPDIR/own"
  DISTCC_DIR=$BATS_TEST_TMPDIR/own DISTCC_HOSTS=localhost "$OURS/distcc" gcc -c "$TMPDIR/a.c" -o "$TMPDIR/a.o" 3>&-
  assert_equal "$(ps -o comm= -p "$(cat "$BATS_TEST_TMPDIR"/own/agent/*.pid)")" distcc-agent
}

@test "a detached daemon holds nothing of its starter's descriptors" {
  # The pipes of these readers would stay open for ever.
  output=$(timeout 20 "$OURS/distccd" --daemon --port "$PORT" --listen 127.0.0.1 --masquerade-dir "$BATS_TEST_TMPDIR/masks" \
    --log-file "$LOG" --pid-file "$PID_FILE" --allow 127.0.0.1 2>&1 5>&1 77>&1)
  note_pid "$(cat "$PID_FILE")"
  assert_equal "$output" ''
  run ls -l "/proc/$(cat "$PID_FILE")/fd"
  assert_line --regexp '0 -> /dev/null'
  assert_line --regexp '1 -> /dev/null'
  assert_line --regexp '2 -> /dev/null'
}

@test "a taken port ends the starter with 102, names the cure, and leaves the other daemon alone" {
  start --allow 127.0.0.1
  note_pid "$(cat "$PID_FILE")"
  run "$OURS/distccd" --daemon --port "$PORT" --listen 127.0.0.1 --masquerade-dir "$BATS_TEST_TMPDIR/masks" --log-file "$LOG"
  assert_failure 102
  assert_output --partial "cannot listen on 127.0.0.1:$PORT: another program listens there"
  assert_output --partial -- '--port'
  listens "$PORT"
}

@test "an address that is not this machine's ends with 102" {
  run "$OURS/distccd" --no-detach --listen 192.0.2.1 --port "$PORT" --masquerade-dir "$BATS_TEST_TMPDIR/masks"
  assert_failure 102
  assert_output --partial 'cannot listen on 192.0.2.1:'
  assert_output --partial 'this machine has no such address'
}

@test "a log file that cannot be opened ends with 107 and the sentence" {
  LOG=$BATS_TEST_TMPDIR/none/log run start --allow 127.0.0.1
  assert_failure 107
  assert_output --partial "cannot open the log file \"$BATS_TEST_TMPDIR/none/log\""
}

@test "a pid file that cannot be written ends with 107 and no daemon stays" {
  PID_FILE=$BATS_TEST_TMPDIR/none/pid run start --allow 127.0.0.1
  assert_failure 107
  assert_output --partial "cannot write the pid file"
  run ! listens "$PORT"
}

@test "an unusable TMPDIR ends with 107 and names it" {
  TMPDIR=$BATS_TEST_TMPDIR/nowhere run start --allow 127.0.0.1
  assert_failure 107
  assert_output --partial "cannot"
  run ! listens "$PORT"
}

@test "an unreadable command list ends with 110 instead of permitting everything" {
  DISTCC_CMDLIST=$BATS_TEST_TMPDIR/nolist run start --allow 127.0.0.1
  assert_failure 110
  assert_output --partial "cannot read the command list \"$BATS_TEST_TMPDIR/nolist\""
}

@test "without --allow it serves private networks only, and says so" {
  run start
  note_pid "$(cat "$PID_FILE")"
  assert_success
  assert_output --partial 'no --allow option: serving private networks only (10.0.0.0/8'
  grep -q 'no --allow option: serving private networks only' "$LOG"
}

@test "a network with host bits is served, with a warning" {
  run start --allow 127.0.0.9/8
  note_pid "$(cat "$PID_FILE")"
  assert_success
  assert_output --partial '"127.0.0.9/8" has host bits set; using 127.0.0.0/8'
}

@test "an unreadable allow file ends with 101 and names it" {
  run start --allow "@$BATS_TEST_TMPDIR/nofile"
  assert_failure 101
  assert_output --partial "cannot read the allow file \"$BATS_TEST_TMPDIR/nofile\""
}

@test "::, the default, serves IPv4 and IPv6, and judges IPv4 clients as IPv4" {
  "$OURS/distccd" --daemon --port "$PORT" --masquerade-dir "$BATS_TEST_TMPDIR/masks" --log-file "$LOG" --pid-file "$PID_FILE" \
    --allow 127.0.0.0/8
  note_pid "$(cat "$PID_FILE")"
  run bash -c "exec 9<>/dev/tcp/127.0.0.1/$PORT; printf GARBAGEGARBAGE >&9; cat <&9"
  wait_until grep -q 'expected token "DIST"' "$LOG"
  run bash -c "exec 9<>/dev/tcp/::1/$PORT; printf GARBAGEGARBAGE >&9; cat <&9"
  wait_until grep -q "connection from client '\[::1]:[0-9]*' denied by access list" "$LOG"
}

@test "SIGTERM ends it with 0, removes the pid file and its temporary folder" {
  start --allow 127.0.0.1
  pid=$(cat "$PID_FILE")
  run bash -c "ls $TMPDIR | grep -c '^distccd-spool-'"
  assert_output 1
  kill "$pid"
  wait_until is_gone "$pid"
  [ ! -e "$PID_FILE" ]
  run ls "$TMPDIR"
  assert_output 'log'
  grep -q 'ended' "$LOG"
}

@test "SIGHUP makes it open a log file again that was moved away, and does not end it" {
  start --allow 127.0.0.1
  pid=$(cat "$PID_FILE")
  note_pid "$pid"
  mv "$LOG" "$LOG.1"
  kill -HUP "$pid"
  wait_until grep -q 'read the configuration again' "$LOG"
  kill -0 "$pid"
}

@test "what a killed daemon left is swept by the next one" {
  start --allow 127.0.0.1
  pid=$(cat "$PID_FILE")
  mkdir "$(echo "$TMPDIR"/distccd-spool-*)/77"
  kill -KILL "$pid"
  wait_until is_gone "$pid"
  start --allow 127.0.0.1
  note_pid "$(cat "$PID_FILE")"
  run bash -c "ls -d $TMPDIR/distccd-spool-* | wc -l"
  assert_output 1
  run find "$TMPDIR" -name 77
  assert_output ''
  grep -q 'removed what a daemon that did not end properly left' "$LOG"
}

as_root() { [ "$(id -u)" = 0 ] || skip 'only root can give up being root: run the tests as root'; }

@test "root becomes nobody or the named account, with one group and no way back" {
  as_root
  start --allow 127.0.0.1 --user games
  note_pid "$(cat "$PID_FILE")"
  run grep -E '^(Uid|Gid|Groups|CapEff|CapPrm):' "/proc/$(cat "$PID_FILE")/status"
  local uid gid
  uid=$(id -u games) gid=$(id -g games)
  assert_line --regexp "^Uid:	$uid	$uid	$uid	$uid$"
  assert_line --regexp "^Gid:	$gid	$gid	$gid	$gid$"
  assert_line --regexp "^Groups:	$gid *$"
  assert_line --regexp '^CapEff:	0+$'
  assert_line --regexp '^CapPrm:	0+$'
}

@test "root without --user becomes distcc, else distccd, else nobody" {
  as_root
  start --allow 127.0.0.1
  note_pid "$(cat "$PID_FILE")"
  run ps -o user= -p "$(cat "$PID_FILE")"
  assert_output "$(usual_account)"
}

@test "it refuses to serve as root" {
  as_root
  run start --allow 127.0.0.1 --user root
  assert_failure 112
  assert_output --partial 'will not serve jobs as "root"'
  assert_output --partial -- '--user'
}

@test "an account that does not exist ends with 112" {
  as_root
  run start --allow 127.0.0.1 --user no-such-account
  assert_failure 112
  assert_output --partial 'there is no account "no-such-account"'
}

@test "an account other than root stays what it is, and --user is ignored with a warning" {
  as_root
  run setpriv --reuid=games --regid=games --clear-groups "$OURS/distccd" --daemon --port "$PORT" --listen 127.0.0.1 --user nobody \
    --masquerade-dir "$BATS_TEST_TMPDIR/masks" --log-file "$LOG" --pid-file "$PID_FILE" --allow 127.0.0.1
  note_pid "$(cat "$PID_FILE")"
  assert_success
  assert_output --partial -- '--user is ignored when distccd is not run by root'
  run ps -o user= -p "$(cat "$PID_FILE")"
  assert_output games
}

@test "--nice lowers the priority of the daemon and its compilers" {
  start --allow 127.0.0.1 --nice 7
  note_pid "$(cat "$PID_FILE")"
  run ps -o ni= -p "$(cat "$PID_FILE")"
  local expected=$(($(nice) + 7))
  assert_output --regexp "^ *$((expected > 19 ? 19 : expected))$" # there is nothing above
}

@test "a family that the system lacks is a warning as long as something is left to serve" {
  as_root
  cat >"$BATS_TEST_TMPDIR/inside" <<'END'
ip link set lo up
sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.lo.disable_ipv6=1
"$@" --listen 127.0.0.1 --listen ::1 && ss -Hltn "sport = :$PORT"
"$@" --listen ::1
END
  export PORT
  run unshare -n bash "$BATS_TEST_TMPDIR/inside" "$OURS/distccd" --daemon --port "$PORT" --allow 127.0.0.1 \
    --masquerade-dir "$BATS_TEST_TMPDIR/masks" --log-file "$LOG" --pid-file "$PID_FILE"
  note_pid "$(cat "$PID_FILE")"
  assert_failure 102
  assert_output --partial "Warning: cannot listen on [::1]:$PORT: this machine has no such address"
  assert_output --partial "serving the rest"
  assert_output --partial "127.0.0.1:$PORT"
  assert_line --partial "ERROR: cannot listen on [::1]:$PORT"
}

@test "a system without IPv6, such as a jail with an IPv4 address only, is served on all IPv4 addresses" {
  gcc -O "$TOP/test/support/without.c" -o "$BATS_TEST_TMPDIR/without"
  run "$BATS_TEST_TMPDIR/without" ipv6 "$OURS/distccd" --daemon --port "$PORT" --allow 127.0.0.1 \
    --masquerade-dir "$BATS_TEST_TMPDIR/masks" --log-file "$LOG" --pid-file "$PID_FILE"
  assert_success
  assert_output --partial "Warning: cannot listen on [::]:$PORT: "
  note_pid "$(cat "$PID_FILE")"
  assert_equal "$(ss -Hltn "sport = :$PORT" | awk '{print $4}')" "0.0.0.0:$PORT"
}
