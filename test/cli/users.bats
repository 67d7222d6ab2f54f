#!/usr/bin/env bats
# Several users on one machine: each has an agent of its own, and takes nobody else's.

bats_require_minimum_version 1.5.0

setup() {
  load ../support/common.bash
  [ "$(id -u)" = 0 ] || skip 'only root may become other users'
  export DISTCC_HOSTS=localhost
  unset DISTCC_DIR XDG_RUNTIME_DIR
  open_folder "$BATS_TEST_TMPDIR/work"
  cd "$BATS_TEST_TMPDIR/work" || return 1
  echo 'int x = 1;' >a.c
  # The programs must be where others get at them.
  mkdir "$BATS_TEST_TMPDIR/bin"
  cp -r "$OURS/." "$BATS_TEST_TMPDIR/bin"
  chmod -R a+rX "$BATS_TEST_TMPDIR/bin"
}
teardown() {
  cd /
  end_noted
}

# as UID COMMAND...: with a home of that user's own.
as() {
  local user=$1
  shift
  [ -d "$BATS_TEST_TMPDIR/home.$user" ] || install -d -o "$user" "$BATS_TEST_TMPDIR/home.$user"
  HOME=$BATS_TEST_TMPDIR/home.$user setpriv --reuid "$user" --regid "$user" --clear-groups "$@"
}
agents_of() { cat "$1"/agent/*.pid 2>/dev/null; }

@test 'each user has an agent that no other gets at' {
  local user pid
  for user in 65534 12345; do
    run as "$user" "$BATS_TEST_TMPDIR/bin/distcc" gcc -c a.c -o "$user.o"
    assert_success
    assert_output ''
    pid=$(agents_of "$BATS_TEST_TMPDIR/home.$user/.distcc")
    note_pid "$pid"
    assert_equal "$(stat -c %u "/proc/$pid")" "$user"
    assert_equal "$(stat -c '%u %a' "$BATS_TEST_TMPDIR/home.$user/.distcc/agent")" "$user 700"
  done
  run as 12345 env DISTCC_DIR="$BATS_TEST_TMPDIR/home.65534/.distcc" "$BATS_TEST_TMPDIR/bin/distcc" --agent-status
  assert_output 'no agent is running'
}

@test 'with a home that cannot be written the agent lives in XDG_RUNTIME_DIR' {
  local port run=$BATS_TEST_TMPDIR/run user=12345 pid
  port=$(free_port)
  start_ours "$port"
  gcc -c a.c -o plain.o
  install -d -m 555 "$BATS_TEST_TMPDIR/home.$user"
  install -d -m 700 -o "$user" "$run"
  local job=(env "XDG_RUNTIME_DIR=$run" "DISTCC_HOSTS=127.0.0.1:$port/4" DISTCC_FALLBACK=0 "$BATS_TEST_TMPDIR/bin/distcc")
  run as "$user" touch "$BATS_TEST_TMPDIR/home.$user/file"
  assert_failure
  for object in first.o second.o; do
    run as "$user" "${job[@]}" gcc -c a.c -o "$object"
    assert_success
    assert_output ''
    cmp "$object" plain.o
  done
  pid=$(cat "$run"/distcc/*.pid)
  note_pid "$pid"
  assert_equal "$(stat -c %u "/proc/$pid")" "$user"
  assert_equal "$(stat -c '%u %a' "$run/distcc")" "$user 700"
  run as "$user" "${job[@]}" --agent-status --json
  assert_output --partial '"jobsDone":2'
  compiled 2 "$BATS_TEST_TMPDIR/ours.$port.log"
  assert_equal "$(ls -A "$BATS_TEST_TMPDIR/home.$user")" ''
}

@test 'a DISTCC_DIR that somebody else has prepared is not trusted: the job is done without an agent' {
  local planted=$BATS_TEST_TMPDIR/planted
  mkdir "$planted"
  chown 65534 "$planted"
  as 65534 env DISTCC_DIR="$planted" "$BATS_TEST_TMPDIR/bin/distcc" gcc -c a.c -o first.o
  note_pid "$(agents_of "$planted")"
  # Open to everybody, as its owner may make it: whoever connects would tell that agent all of its environment.
  chmod 777 "$planted" "$planted/agent" "$planted"/agent/*
  run --separate-stderr as 12345 env DISTCC_DIR="$planted" "$BATS_TEST_TMPDIR/bin/distcc" gcc -c a.c -o second.o
  assert_success
  cmp first.o second.o
  assert_equal "$(as 65534 env DISTCC_DIR="$planted" "$BATS_TEST_TMPDIR/bin/distcc" --agent-status --json | grep -o '"jobsDone":[0-9]*')" '"jobsDone":1'
  run as 12345 env DISTCC_DIR="$planted" "$BATS_TEST_TMPDIR/bin/distcc" --agent-status
  assert_output 'no agent is running'
}

# ask_agent UID SOCKET: asks an agent without any of our programs, which would not; prints what came of it.
ask_agent() {
  as "$1" node -e '
    const asker = require("node:net").connect(process.argv[1]);
    let answer = "no answer";
    asker.on("data", () => { answer = "an answer"; asker.destroy(); });
    asker.on("error", ({ code }) => { if (code === "EACCES") answer = code; });
    asker.on("close", () => console.log(answer));
    // ASK: kind, length, "status".
    asker.write(Buffer.from([5, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0]));
  ' "$2"
}

# agent_socket_of UID: starts that user's agent by a job; the path of its socket in $SOCKET.
agent_socket_of() {
  as "$1" "$BATS_TEST_TMPDIR/bin/distcc" gcc -c a.c -o "$1.o"
  note_pid "$(agents_of "$BATS_TEST_TMPDIR/home.$1/.distcc")"
  SOCKET=$(find "$BATS_TEST_TMPDIR/home.$1/.distcc/agent" -type s)
}

@test 'an agent answers no other user, even where all may enter its folder' {
  mkdir "$BATS_TEST_TMPDIR/node_modules"
  cp -rL "$TOP/node_modules/posix-node" "$BATS_TEST_TMPDIR/node_modules"
  agent_socket_of 65534
  chmod 777 "$BATS_TEST_TMPDIR/home.65534/.distcc/agent" "$SOCKET"
  assert_equal "$(ask_agent 65534 "$SOCKET")" 'an answer'
  for user in 12345 0; do assert_equal "$(ask_agent "$user" "$SOCKET")" 'no answer'; done
}

@test 'where nobody tells an agent who connects (posix-node is missing), the mode of its folder keeps other users out' {
  agent_socket_of 65534
  assert_equal "$(ask_agent 65534 "$SOCKET")" 'an answer'
  assert_equal "$(ask_agent 12345 "$SOCKET")" EACCES
}

@test 'an agent does not start in a folder that others may enter, or that belongs to somebody else' {
  local mode version
  version=$(grep -aoE '0\.[0-9]+\.[0-9]+-[0-9a-f]{8}' "$OURS/distcc" | head -n 1)
  for mode in 750 705 701; do
    install -d -o 12345 -m "$mode" "$BATS_TEST_TMPDIR/folder.$mode"
    run as 12345 timeout 20 "$BATS_TEST_TMPDIR/bin/distcc-agent" "$BATS_TEST_TMPDIR/folder.$mode/$version"
    assert_failure
    assert_output --partial "\"$BATS_TEST_TMPDIR/folder.$mode\" must be a directory that only you can enter"
    assert_equal "$(ls -A "$BATS_TEST_TMPDIR/folder.$mode")" ''
  done
  install -d -o 65534 -m 700 "$BATS_TEST_TMPDIR/theirs"
  run timeout 20 "$BATS_TEST_TMPDIR/bin/distcc-agent" "$BATS_TEST_TMPDIR/theirs/$version"
  assert_failure
  assert_output --partial 'must be a directory that only you can enter'
}
