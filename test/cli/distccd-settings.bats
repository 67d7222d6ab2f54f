#!/usr/bin/env bats
# shellcheck disable=SC2154 # run --separate-stderr sets $stderr
# distccd's settings for the machine it runs on: log, memory, life time, and what it says of itself.

bats_require_minimum_version 1.5.0

setup() {
  load ../support/common.bash
  load ../support/distccd.bash
  set_daemon_up
}
teardown() {
  end_noted
}

# serve [OPTION...]: the same for clients of this machine, ended with the test.
serve() { start --allow 127.0.0.1 "$@" && note_pid "$(cat "$PID_FILE")"; }

as_root() { [ "$(id -u)" = 0 ] || skip 'only root can give up being root: run the tests as root'; }

@test "--log-format json writes one object a line, with level, time, program, pid and message" {
  serve --log-format json --log-level info
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
  serve --oom-score-adj 321
  assert_equal "$(cat "/proc/$(cat "$PID_FILE")/oom_score_adj")" 321
}

@test "without --oom-score-adj the score stays what it was" {
  serve
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
  serve --lifetime 1
  wait_until is_gone "$(cat "$PID_FILE")"
  [ ! -e "$PID_FILE" ]
  grep -q 'served for 1 seconds, which is its --lifetime' "$LOG"
  grep -q 'ended$' "$LOG"
}

@test "options of distcc that mean nothing here are accepted" {
  serve --no-fork --no-fifo
  listens "$PORT"
}

# foreground OPTION...: the daemon with its stderr in $BATS_TEST_TMPDIR/stderr, until it listens.
foreground() {
  : >"$BATS_TEST_TMPDIR/stderr"
  "$OURS/distccd" --daemon --no-detach --port "$PORT" --listen 127.0.0.1 --masquerade-dir "$BATS_TEST_TMPDIR/masks" \
    --allow 127.0.0.1 "$@" 2>>"$BATS_TEST_TMPDIR/stderr" 3>&- </dev/null &
  note_pid $!
  wait_until listens "$PORT"
}

@test "a stderr that is the journal's gets each line with its priority in front, without being asked" {
  : >"$BATS_TEST_TMPDIR/stderr"
  JOURNAL_STREAM=$(stat -c %d:%i "$BATS_TEST_TMPDIR/stderr") foreground --log-level info --job-lifetime 0 --enable-tcp-insecure
  wait_until grep -q listening "$BATS_TEST_TMPDIR/stderr"
  run cat "$BATS_TEST_TMPDIR/stderr"
  assert_line --regexp '^<4>Warning: --enable-tcp-insecure'
  assert_line '<6>serving 127.0.0.1/32'
  assert_line "<5>listening on 127.0.0.1:$PORT"
}

@test "--log-format json in the journal is a priority and an object" {
  : >"$BATS_TEST_TMPDIR/stderr"
  JOURNAL_STREAM=$(stat -c %d:%i "$BATS_TEST_TMPDIR/stderr") foreground --log-stderr --log-format json
  wait_until grep -q listening "$BATS_TEST_TMPDIR/stderr"
  run sed 's/^<5>//' "$BATS_TEST_TMPDIR/stderr"
  assert_output --regexp '^\{"level":"notice","time":.*,"message":"listening on'
}

@test "a stderr that only somebody else's JOURNAL_STREAM names is written to without priorities" {
  JOURNAL_STREAM=1:2 foreground --log-stderr
  wait_until grep -q listening "$BATS_TEST_TMPDIR/stderr"
  run cat "$BATS_TEST_TMPDIR/stderr"
  assert_line --regexp '^distccd\[[0-9]+\] listening on'
  refute_output --partial '<'
}

# dev_with COMMAND...: COMMAND with a /dev of its own, which has a syslog's socket only when a file $SYSLOG is named
# to collect its lines.
dev_with() {
  cat >"$BATS_TEST_TMPDIR/inside" <<'END'
dev=$(mktemp -d)
mount -t tmpfs -o mode=755 none "$dev"
mknod -m 666 "$dev/null" c 1 3
mknod -m 666 "$dev/urandom" c 1 9
ln -s /proc/self/fd "$dev/fd"
if [ -n "$SYSLOG" ]; then
  python3 -c 'import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o666)
while True:
    with open(sys.argv[2], "ab") as f: f.write(s.recv(9999) + b"\n")' "$dev/log" "$SYSLOG" &
  while [ ! -e "$dev/log" ]; do sleep 0.05; done
fi
mount --move "$dev" /dev
for place in /var/run/log /run/systemd/journal/dev-log; do
  if [ -S "$place" ]; then mount -t tmpfs none "$(dirname "$place")"; fi
done
ip link set lo up
"$@"
status=$?
for job in $(jobs -p); do kill "$job"; done
exit $status
END
  PID_FILE=$PID_FILE SYSLOG=${SYSLOG:-} unshare -nm bash "$BATS_TEST_TMPDIR/inside" "$@" 3>&-
}

serving_words() {
  words=("$OURS/distccd" --daemon --port "$PORT" --listen 127.0.0.1 --allow 127.0.0.1 --masquerade-dir "$BATS_TEST_TMPDIR/masks"
    --pid-file "$PID_FILE")
}

@test "by default the log goes to syslog, as distccd of facility daemon, with priorities" {
  as_root
  serving_words
  SYSLOG=$BATS_TEST_TMPDIR/syslog run dev_with timeout 3 "${words[@]}" --no-detach --log-level info
  assert_output ''
  run cat "$BATS_TEST_TMPDIR/syslog"
  assert_line --regexp '^<30>[A-Z][a-z][a-z] .* distccd\[[0-9]+\]: serving 127.0.0.1/32'
  assert_line --regexp "^<29>[A-Z][a-z][a-z] .* distccd\\[[0-9]+\\]: listening on 127.0.0.1:$PORT"
}

@test "where there is no syslog, the log goes to stderr, and says so" {
  as_root
  serving_words
  run dev_with timeout 3 "${words[@]}" --no-detach
  assert_line --regexp 'distccd\[[0-9]+\] Warning: this system has no syslog: logging to stderr; name a file with --log-file, or say --log-stderr'
  assert_line --regexp "distccd\\[[0-9]+\\] listening on 127.0.0.1:$PORT"
}

@test "where there is no syslog, a detached daemon's starter hears that nothing is logged" {
  as_root
  serving_words
  run dev_with "${words[@]}"
  note_pid "$(cat "$PID_FILE")"
  assert_success
  assert_output 'distccd: Warning: this system has no syslog and a detached daemon has no stderr: nothing is logged; name a file with --log-file'
}

check() {
  run --separate-stderr "$OURS/distccd" --check --port "$PORT" --listen 127.0.0.1 --masquerade-dir "$BATS_TEST_TMPDIR/masks" "$@"
}

@test "--check says what would be served, where, to whom and as whom, and leaves nothing behind" {
  check --allow 10.0.0.0/8 --log-file "$LOG" --pid-file "$PID_FILE" --jobs 7 --permit-option -fstack-usage
  assert_success
  assert_equal "$stderr" ''
  assert_line "serves: 127.0.0.1:$PORT"
  assert_line 'to: 10.0.0.0/8'
  assert_line --regexp '^as: [a-z]+$'
  refute_line 'as: root'
  assert_line --regexp '^compilers: .*gcc.* \(in /usr/.*\)'
  assert_line 'options: the allow list (--show-policy prints it), -fstack-usage'
  assert_line 'at a time: 7'
  assert_line --regexp '^memory: [0-9]+ MiB for requests and answers \(--max-memory\), [0-9]+ MiB of files for answers that wait, [0-9]+ connections$'
  assert_line "temporary files: $TMPDIR"
  assert_line "log: $LOG, notice and worse"
  run find "$TMPDIR" "$BATS_TEST_TMPDIR/run" -mindepth 1
  assert_output ''
  run ! listens "$PORT"
}

@test "--check says to whom the counters are told" {
  local counters
  counters=$(free_port)
  check --allow 10.0.0.0/8 --stats --stats-port "$counters"
  assert_line "serves: statistics, on port $counters"
  assert_line 'counters: told to this machine and 10.0.0.0/8'
  check --allow 10.0.0.0/8 --stats --stats-port "$counters" --stats-allow 192.0.2.7
  assert_line 'to: 10.0.0.0/8'
  assert_line 'counters: told to this machine and 192.0.2.7/32'
  check --stats-allow somebody
  assert_equal "$status" 101
  [[ $stderr == 'distccd: ERROR: cannot understand "somebody"'* ]]
}

@test "--check and --show-compilers name compilers that are permitted and not installed, and fail when none is" {
  ln -s /usr/bin/distcc "$BATS_TEST_TMPDIR/masks/gcc-99"
  check --allow 127.0.0.1
  assert_success
  assert_line --regexp '^compilers: .*; permitted and not installed: .*gcc-99'
  echo /usr/bin/gcc-99 >"$BATS_TEST_TMPDIR/list"
  export DISTCC_CMDLIST=$BATS_TEST_TMPDIR/list
  check --allow 127.0.0.1
  assert_equal "$status" 110
  local sentence='distccd: ERROR: no compiler is installed: permitted and not installed: /usr/bin/gcc-99; install one, or set DISTCCD_PATH to where it is'
  assert_equal "$stderr" "$sentence"
  run --separate-stderr "$OURS/distccd" --show-compilers
  assert_equal "$status" 110
  assert_equal "$stderr" "$sentence"
  assert_output '/usr/bin/gcc-99: permitted and not installed'
}

@test "--show-compilers tells version, target and hashes, also as JSON, and leaves nothing behind" {
  local gcc
  gcc=$(command -v gcc)
  printf '#!/bin/sh\necho hello\n' >"$BATS_TEST_TMPDIR/nocc"
  chmod 755 "$BATS_TEST_TMPDIR/nocc" "$BATS_TEST_TMPDIR"
  printf '%s\n' "$gcc" /usr/bin/gcc-99 "$BATS_TEST_TMPDIR/nocc" >"$BATS_TEST_TMPDIR/list"
  export DISTCC_CMDLIST=$BATS_TEST_TMPDIR/list
  run --separate-stderr "$OURS/distccd" --show-compilers
  assert_success
  assert_equal "$stderr" ''
  assert_line "$gcc: $gcc"
  assert_line "  version  $(gcc -S -o - -x c /dev/null | sed -n 's/.*\.ident\t"\(.*\)"/\1/p')"
  assert_line "  target   $(gcc -dumpmachine)"
  assert_line "  sha256   $(sha256sum <"$(realpath "$(gcc -print-prog-name=cc1)")" | cut -d' ' -f1)  $(realpath "$(gcc -print-prog-name=cc1)")"
  assert_line '/usr/bin/gcc-99: permitted and not installed'
  assert_line '  clients cannot compare it: it does not work here, or is not a kind of gcc or clang'
  run --separate-stderr "$OURS/distccd" --show-compilers --json
  assert_success
  run node -e 'const [gcc, missing, odd] = JSON.parse(process.argv[1]).sort((one, other) => Object.keys(other).length - Object.keys(one).length);
    console.log(gcc.target, gcc.files.length, /^[0-9a-f]{64}$/.test(gcc.makes), [missing, odd].map((one) => Object.keys(one).join("+")).join(" "))' "$output"
  assert_output "$(gcc -dumpmachine) 2 true name+path name"
  run find "$TMPDIR" -mindepth 1
  assert_output ''
}

@test "--show-policy prints the allow list and what is added to it, and starts nothing" {
  run --separate-stderr "$OURS/distccd" --show-policy --permit-option -fstack-usage --permit-option=-fprofile-dir=
  assert_success
  assert_equal "$stderr" ''
  assert_line '  -fprofile-dir= -fstack-usage'
  assert_line --partial ' -fPIC '
  assert_line --partial '--target=...: a target, without a slash'
  run "$OURS/distccd" --show-policy --enable-tcp-insecure
  assert_output 'Every option is permitted, because of --enable-tcp-insecure.'
  run --separate-stderr "$OURS/distccd" --permit-option stack-usage --check
  assert_equal "$status" 101
  assert_equal "$stderr" 'distccd: ERROR: --permit-option expects an option of a compiler, such as -fstack-usage or -fprofile-dir=, not "stack-usage"'
}

@test "--check while the daemon runs is not a failure, says that the port is taken, and leaves the daemon alone" {
  serve
  check --allow 127.0.0.1 --pid-file "$PID_FILE" --log-file "$LOG"
  assert_success
  assert_line "serves: port $PORT, which is taken now: by the daemon that runs, or by a program that has to stop first"
  kill -0 "$(cat "$PID_FILE")"
  listens "$PORT"
}

@test "--check ends with the status and the sentence of the start that would fail" {
  check --allow "@$BATS_TEST_TMPDIR/nofile"
  assert_equal "$status" 101
  [[ $stderr == "distccd: ERROR: cannot read the allow file \"$BATS_TEST_TMPDIR/nofile\""* ]]
  check --listen 192.0.2.1
  assert_equal "$status" 102
  check --log-file "$BATS_TEST_TMPDIR/none/log"
  assert_equal "$status" 107
  TMPDIR=$BATS_TEST_TMPDIR/nowhere check
  assert_equal "$status" 107
  DISTCC_CMDLIST=$BATS_TEST_TMPDIR/nolist check
  assert_equal "$status" 110
  assert_equal "$output" ''
}

@test "--check by an account other than root says what it could not try" {
  as_root
  run setpriv --reuid=games --regid=games --clear-groups "$OURS/distccd" --check --port "$PORT" --user nobody \
    --masquerade-dir "$BATS_TEST_TMPDIR/masks" --inetd
  assert_success
  assert_line 'serves: one client, on stdin and stdout'
  assert_line 'as: games'
  assert_line 'warning: --user is ignored when distccd is not run by root'
  assert_line --partial 'not checked: what root would find and become'
}

@test "--check ends in a sentence too where the log goes elsewhere, the account has no name, and a directory cannot be read" {
  as_root
  check --no-detach --log-stderr --log-file "$LOG"
  assert_success
  assert_line 'log: stderr, notice and worse'
  [ ! -e "$LOG" ]
  mkdir -m 700 "$BATS_TEST_TMPDIR/closed"
  run setpriv --reuid=54321 --regid=54321 --clear-groups "$OURS/distccd" --check --port "$PORT" --masquerade-dir "$BATS_TEST_TMPDIR/masks" \
    --masquerade-dir "$BATS_TEST_TMPDIR/closed" --masquerade-dir "$BATS_TEST_TMPDIR/missing"
  assert_success
  assert_line 'as: uid 54321, which has no name here'
  assert_line --partial "warning: cannot read the masquerade directory \"$BATS_TEST_TMPDIR/closed\": "
  assert_line --partial "warning: cannot read the masquerade directory \"$BATS_TEST_TMPDIR/missing\": "
}

# announcing: the daemon with --zeroconf and a PATH that has our programs' folder in front.
announcing() {
  PATH=$BATS_TEST_TMPDIR/programs:$PATH serve --zeroconf --log-level info
}

# A stand-in: Avahi needs a system bus and a network with multicast.
stand_in_for_avahi() {
  open_folder "$BATS_TEST_TMPDIR/programs"
  # shellcheck disable=SC2016 # for the program, not for us
  printf '#!/bin/sh\necho "$$" >"%s"\necho "Established: $*" >&2\n%s\n' "$BATS_TEST_TMPDIR/run/publisher" "$1" \
    >"$BATS_TEST_TMPDIR/programs/avahi-publish-service"
  chmod 755 "$BATS_TEST_TMPDIR/programs/avahi-publish-service"
}

@test "--zeroconf announces the server (to a stand-in for avahi-publish-service) until the daemon ends" {
  stand_in_for_avahi 'exec sleep 300'
  announcing
  wait_until grep -q "avahi-publish-service: Established: --no-fail --subtype=_.*--.*\._sub\._distcc\._tcp distcc@$(hostname) _distcc._tcp $PORT txtvers=1 " "$LOG"
  publisher=$(cat "$BATS_TEST_TMPDIR/run/publisher")
  kill "$(cat "$PID_FILE")"
  wait_until is_gone "$publisher"
  run ! grep -q 'no longer announced' "$LOG"
}

@test "what --zeroconf announced (to a stand-in) is withdrawn when the daemon is killed" {
  stand_in_for_avahi 'exec sleep 300'
  announcing
  wait_until grep -q 'Established' "$LOG"
  publisher=$(cat "$BATS_TEST_TMPDIR/run/publisher")
  kill -KILL "$(cat "$PID_FILE")"
  wait_until is_gone "$publisher"
}

@test "a stand-in for avahi-publish-service that fails is a warning, and the daemon serves" {
  stand_in_for_avahi 'exit 7'
  announcing
  wait_until grep -q 'Warning: avahi-publish-service ended with status 7: this server is no longer announced' "$LOG"
  listens "$PORT"
}

@test "--zeroconf without avahi-publish-service is a warning that names the package, and the daemon serves" {
  mkdir "$BATS_TEST_TMPDIR/few"
  for name in node cat id; do ln -s "$(command -v "$name")" "$BATS_TEST_TMPDIR/few/$name"; done
  PATH=$BATS_TEST_TMPDIR/few serve --zeroconf
  grep -q 'Warning: cannot announce this server: there is no avahi-publish-service; install avahi-utils, or leave --zeroconf out' "$LOG"
  listens "$PORT"
}

@test "a full temporary directory is one sentence in the log and to the client, who compiles elsewhere" {
  as_root
  cat >"$BATS_TEST_TMPDIR/inside" <<'END'
mount -t tmpfs -o size=64k,mode=1777 none "$TMPDIR"
ip link set lo up
"$@" 2>"$RUN/log" &
daemon=$!
until ss -Hltn "sport = :$PORT" | grep -q .; do sleep 0.05; done
dd if=/dev/zero of="$TMPDIR/full" bs=1k 2>/dev/null
echo 'int x;' >"$RUN/a.c"
DISTCC_DIR=$RUN DISTCC_HOSTS=127.0.0.1:$PORT TMPDIR=$RUN DISTCC_AGENT=0 DISTCC_NO_REWRITE_CROSS=1 \
  "$OURS/distcc" gcc -c "$RUN/a.c" -o "$RUN/a.o"
kill "$daemon"
wait "$daemon"
cat "$RUN/log"
END
  export PORT RUN=$BATS_TEST_TMPDIR/run
  run unshare -nm bash "$BATS_TEST_TMPDIR/inside" "$OURS/distccd" --daemon --no-detach --log-stderr --port "$PORT" --listen 127.0.0.1 \
    --allow 127.0.0.1 --masquerade-dir "$BATS_TEST_TMPDIR/masks"
  assert_line --regexp 'Warning: refused a job of 127.0.0.1:[0-9]+: no room for the job in the temporary directory of this server \(ENOSPC\): its administrator'
  refute_output --partial 'at Object'
  [ -s "$RUN/a.o" ]
}

@test "a compiler that fills the temporary directory is a refused job, also when its messages are lost" {
  as_root
  cat >"$BATS_TEST_TMPDIR/inside" <<'END'
mount -t tmpfs -o size=3m,mode=1777 none "$TMPDIR"
ip link set lo up
"$@" 2>"$RUN/log" &
daemon=$!
until ss -Hltn "sport = :$PORT" | grep -q .; do sleep 0.05; done
echo 'int big[800000] = {1};' >"$RUN/a.c"
DISTCC_DIR=$RUN DISTCC_HOSTS=127.0.0.1:$PORT TMPDIR=$RUN DISTCC_AGENT=0 DISTCC_NO_REWRITE_CROSS=1 DISTCC_FALLBACK=0 \
  "$OURS/distcc" gcc -c "$RUN/a.c" -o "$RUN/a.o"
echo "ended with $?"
kill "$daemon"
wait "$daemon"
cat "$RUN/log"
END
  export PORT RUN=$BATS_TEST_TMPDIR/run
  run unshare -nm bash "$BATS_TEST_TMPDIR/inside" "$OURS/distccd" --daemon --no-detach --log-stderr --port "$PORT" --listen 127.0.0.1 \
    --allow 127.0.0.1 --masquerade-dir "$BATS_TEST_TMPDIR/masks"
  assert_line --regexp 'Warning: 127.0.0.1:[0-9]+ refused the job: no room for the job in the temporary directory'
  assert_line 'ended with 116'
  assert_line --regexp 'Warning: refused a job of 127.0.0.1:[0-9]+: no room for the job in the temporary directory of this server \(ENOSPC\): its administrator'
}
