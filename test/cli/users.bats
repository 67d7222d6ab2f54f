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
  mkdir -p "$BATS_TEST_TMPDIR/home.$user"
  chown "$user" "$BATS_TEST_TMPDIR/home.$user"
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
