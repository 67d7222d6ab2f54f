#!/usr/bin/env bats
# The agent's life beside builds: what it inherits from whoever starts it, what replaces it after an upgrade, and builds
# that cannot have one.

bats_require_minimum_version 1.5.0

setup() {
  load ../support/common.bash
  PORT=$(free_port)
  export DISTCC_DIR=$BATS_TEST_TMPDIR/distcc-dir DISTCC_HOSTS=127.0.0.1:$PORT/8 DISTCC_FALLBACK=0
  unset MAKEFLAGS MAKELEVEL MFLAGS XDG_RUNTIME_DIR
  mkdir -p "$DISTCC_DIR" "$BATS_TEST_TMPDIR/work"
  cd "$BATS_TEST_TMPDIR/work" || return 1
  printf '#include <stdio.h>\nint main(void) { return printf("x"); }\n' >a.c
  gcc -c a.c -o plain.o
}
teardown() {
  cd /
  end_noted
}

agent_pid() { cat "$DISTCC_DIR"/agent/*.pid; }
has_left() { has_agents 1 && [ "$(agent_pid)" != "$1" ]; }
has_agents() { [ "$(cat "$DISTCC_DIR"/agent/*.pid 2>/dev/null | wc -l)" = "$1" ]; }

@test 'closed descriptors confuse neither remote nor local jobs' {
  start_ours "$PORT"
  local closed where case=0
  for where in "127.0.0.1:$PORT" localhost; do
    for closed in '<&-' '>&-' '2>&-' '<&- >&-' '>&- 2>&-' '<&- >&- 2>&-'; do
      case=$((case + 1))
      # The first of the two starts the agent, without those descriptors.
      for object in a.o b.o; do
        rm -f "$object"
        # "eval" is how the closing can be a variable.
        (eval "DISTCC_DIR=$DISTCC_DIR.$case DISTCC_HOSTS=$where exec '$OURS/distcc' gcc -c a.c -o $object $closed" 3>&-)
        cmp "$object" plain.o
      done
      kill -0 "$(cat "$DISTCC_DIR.$case"/agent/*.pid)"
    done
  done
  compiled 12 "$BATS_TEST_TMPDIR/ours.$PORT.log"
}

# What kinds of descriptors a process has open. A state file of its own stays open only after a job that took a while.
descriptors() { find "/proc/$1/fd" -type l -printf '%l\n' | sed 's/\[.*//; /\/state\//d' | sort; }
has_descriptors() { [ "$(descriptors "$1")" = "$2" ]; }

@test 'it takes nothing from the process that starts it' {
  start_ours "$PORT"
  local pid first
  "$OURS/distcc" gcc -c a.c -o a.o </dev/null 3>&-
  pid=$(agent_pid)
  # The connection of the job is closed when the agent sees that the launcher has ended.
  sleep 0.5
  first=$(descriptors "$pid")
  "$OURS/distcc" --agent-stop
  wait_until is_gone "$pid"
  # Descriptors of every kind, high and low, and a secret.
  mkfifo fifo
  (
    exec 3<a.c 7<>fifo 150>out 9</dev/null 11< <(sleep 5) 12<>"/dev/tcp/127.0.0.1/$PORT"
    SECRET=hidden-from-the-agent "$OURS/distcc" gcc -c a.c -o a.o
  )
  cmp a.o plain.o
  pid=$(agent_pid)
  wait_until has_descriptors "$pid" "$first"
  run grep -a SECRET "/proc/$pid/environ"
  assert_equal "$status" 1
  assert_equal "$(readlink "/proc/$pid/cwd")" /
  # In a session and a group of its own, and nobody's child that would wait for it.
  assert_not_equal "$(ps -o sid= -p "$pid" | tr -d ' ')" "$(ps -o sid= -p $$ | tr -d ' ')"
  assert_not_equal "$(ps -o pgid= -p "$pid" | tr -d ' ')" "$(ps -o pgid= -p $$ | tr -d ' ')"
  assert_equal "$(ps -o tty= -p "$pid" | tr -d ' ')" '?'
}

@test 'fifty jobs at once keep their directories, umasks, settings and temporary folders apart' {
  start_ours "$PORT" --jobs 8
  local n jobs=()
  for n in $(seq 50); do
    mkdir -p "$n/tmp"
    echo "int own = $n;" >"$n/own.h"
    printf '#include <own.h>\nint x%d;\n' "$n" >"$n/a.c"
    (
      cd "$n" && umask "0$((n % 8))$((n % 4))7"
      export CPATH=$PWD TMPDIR=$PWD/tmp DISTCC_LOG=$PWD/log DISTCC_SAVE_TEMPS=$((n % 2))
      "$OURS/distcc" gcc -c a.c -o a.o
    ) 3>&- &
    jobs+=($!)
  done
  for n in "${jobs[@]}"; do wait "$n"; done
  for n in $(seq 50); do
    (cd "$n" && CPATH=$PWD gcc -c a.c -o plain.o && cmp a.o plain.o)
    assert_equal "$(stat -c %a "$n/a.o")" "$(printf %o $((0666 & ~0$((n % 8))$((n % 4))7)))"
    assert_equal "$(grep -c 'compile a.c on' "$n/log")" 1
    assert_equal "$(find "$n/tmp" -name '*.i' | wc -l)" $((n % 2))
  done
}

@test 'after an upgrade the new agent takes over, and the old one ends with its last job' {
  local version other=$BATS_TEST_TMPDIR/other
  version=$(grep -aoE '0\.[0-9]+\.[0-9]+-[0-9a-f]{8}' "$OURS/distcc" | head -n 1)
  cp -r "$OURS" "$other"
  sed -i "s/$version/${version%-*}-00000000/g" "$other/distcc" "$other/distcc-agent"
  mkfifo go
  printf '#!/bin/sh\n: >begun\ncat go >/dev/null\nexec gcc "$@"\n' >slow
  chmod +x slow
  start_ours "$PORT"
  DISTCC_HOSTS=localhost "$OURS/distcc" ./slow a.c -o program 3>&- &
  local slow=$!
  wait_until test -e begun
  local before
  before=$(agent_pid)
  "$other/distcc" gcc -c a.c -o a.o
  cmp a.o plain.o
  # The old one has given its socket up, and still does its job.
  wait_until has_left "$before"
  kill -0 "$before"
  run "$other/distcc" --agent-status
  assert_output --partial "${version%-*}-00000000"
  : >go
  wait "$slow"
  test -x program
  wait_until is_gone "$before"
  wait_until has_agents 1
  assert_equal "$(find "$DISTCC_DIR/agent" -name "$version*" -type s)" ''
  # The old launcher, still running somewhere, finds no agent of its own and starts one; the other then goes.
  local second
  second=$(agent_pid)
  "$OURS/distcc" gcc -c a.c -o b.o
  cmp b.o plain.o
  wait_until is_gone "$second"
  wait_until has_agents 1
  kill -0 "$(agent_pid)"
}

@test 'a home that nobody can write to is not a reason to fail' {
  [ "$(id -u)" = 0 ] || skip 'only root may mount'
  start_ours "$PORT"
  mkdir home
  local run
  for run in '' "XDG_RUNTIME_DIR=$PWD/home"; do
    rm -f a.o
    # Without a folder for locks nobody knows how many jobs a host has, so they are done here.
    run unshare -m sh -c 'mount -o bind home home && mount -o remount,ro,bind home && exec env -u DISTCC_DIR -u DISTCC_FALLBACK HOME="$PWD/home" $1 "$2" gcc -c a.c -o a.o' sh "$run" "$OURS/distcc"
    assert_success
    assert_line --partial 'Read-only file system'
    cmp a.o plain.o
  done
}
