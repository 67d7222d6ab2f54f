# What the bats files share: our programs, free ports, waiting, and daemons that are ended whatever happens.
# shellcheck shell=bash

TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
OURS=$TOP/dist/bin
export TOP OURS

load "$TOP/node_modules/bats-support/load.bash"
load "$TOP/node_modules/bats-assert/load.bash"

# The account that distccd serves as when root names none.
usual_account() {
  local account
  for account in distcc distccd nobody; do ! id -u $account >/dev/null 2>&1 || break; done
  echo $account
}

# A port of this machine that nobody listens on now.
free_port() {
  node --input-type=module -e "import { freePort } from '$TOP/scripts/free-port.mjs'; console.log(await freePort())"
}

# wait_until COMMAND...: the limit only ends a test that would hang.
wait_until() {
  local tries
  for ((tries = 0; tries < 400; tries++)); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.05
  done
  echo "never came true: $*" >&2
  return 1
}

listens() { ss -Hltn "sport = :$1" | grep -q .; }
# A process that has ended and waits for its parent to notice is gone too.
is_gone() { ! kill -0 "$1" 2>/dev/null || [[ $(ps -o stat= -p "$1" 2>/dev/null) == Z* ]]; }

# compiled COUNT LOG: a daemon writes its line about a compile when the client already has its answer, and may have
# ended. A line that our agent has had compiled, to learn what the host takes, is not a job of the user's.
count_compiled() { grep COMPILE_OK "$1" | grep -cv ' asked\.c$'; }
has_compiled() { [ "$(count_compiled "$2")" -ge "$1" ]; }
compiled() {
  wait_until has_compiled "$@"
  assert_equal "$(count_compiled "$2")" "$1"
}

# Every pid that a test notes here is ended after it.
note_pid() { echo "$1" >>"$BATS_TEST_TMPDIR/pids"; }
end_noted() {
  local pid agent
  # Agents that distcc started for a test's own DISTCC_DIR are nobody's children.
  for agent in "$BATS_TEST_TMPDIR"/*/agent/*.pid; do
    [ -e "$agent" ] && note_pid "$(cat "$agent")"
  done
  [ -e "$BATS_TEST_TMPDIR/pids" ] || return 0
  while read -r pid; do
    kill "$pid" 2>/dev/null || continue
    wait_until is_gone "$pid" || kill -KILL "$pid" 2>/dev/null
  done <"$BATS_TEST_TMPDIR/pids"
  rm -f "$BATS_TEST_TMPDIR/pids"
}

# A daemon serves as another account when the tests run as root: it must get at its folders.
open_folder() {
  local folder=$BATS_TEST_TMPDIR
  mkdir -p "$1"
  chmod 777 "$1"
  while [ "$folder" != / ] && [ "$folder" != /tmp ]; do
    chmod a+x "$folder" 2>/dev/null || true
    folder=$(dirname "$folder")
  done
}

# make_masks DIR NAME...: a masquerade directory that permits these names.
make_masks() {
  local dir=$1 name
  shift
  mkdir -p "$dir"
  for name in "$@"; do ln -sf /usr/bin/distcc "$dir/$name"; done
}

# waitcc, a compiler that preprocesses at once, and compiles when the test has made $BATS_TEST_TMPDIR/go.
make_waiting_compiler() {
  mkdir -p "$BATS_TEST_TMPDIR/programs"
  cat >"$BATS_TEST_TMPDIR/programs/waitcc" <<EOF
#!/bin/sh
for word; do [ "\$word" = -E ] && exec gcc "\$@"; done
while [ ! -e "$BATS_TEST_TMPDIR/go" ]; do sleep 0.05; done
exec gcc "\$@"
EOF
  chmod -R 755 "$BATS_TEST_TMPDIR/programs"
  open_folder "$BATS_TEST_TMPDIR/programs"
  export PATH=$BATS_TEST_TMPDIR/programs:/usr/local/bin:/usr/bin:/bin
}

# start_ours PORT [OPTION...]: our daemon in the foreground, log in $BATS_TEST_TMPDIR/ours.PORT.log, pid in $OURS_PID.
start_ours() {
  local port=$1
  shift
  open_folder "$BATS_TEST_TMPDIR/ours-tmp"
  [ -d "$BATS_TEST_TMPDIR/masks" ] || make_masks "$BATS_TEST_TMPDIR/masks" cc c++ gcc g++ clang clang++ \
    x86_64-linux-gnu-gcc x86_64-linux-gnu-g++ aarch64-linux-gnu-gcc aarch64-linux-gnu-g++
  env TMPDIR="$BATS_TEST_TMPDIR/ours-tmp" "$OURS/distccd" --daemon --no-detach --log-stderr --log-level info \
    --listen 127.0.0.1 --port "$port" --masquerade-dir "$BATS_TEST_TMPDIR/masks" --allow 127.0.0.1 "$@" \
    2>"$BATS_TEST_TMPDIR/ours.$port.log" 3>&- </dev/null &
  OURS_PID=$!
  note_pid "$OURS_PID"
  wait_until listens "$port"
}

# start_theirs PORT [OPTION...]: Debian's distccd likewise, pid in $THEIRS_PID.
start_theirs() {
  local port=$1
  shift
  open_folder "$BATS_TEST_TMPDIR/theirs-tmp"
  env TMPDIR="$BATS_TEST_TMPDIR/theirs-tmp" /usr/bin/distccd --daemon --no-detach --log-stderr --log-level info \
    --listen 127.0.0.1 --port "$port" --allow 127.0.0.1 "$@" 2>"$BATS_TEST_TMPDIR/theirs.$port.log" 3>&- </dev/null &
  THEIRS_PID=$!
  note_pid "$THEIRS_PID"
  wait_until listens "$port"
}
