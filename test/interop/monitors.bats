#!/usr/bin/env bats
# shellcheck disable=SC2154 # run sets $status
# The monitors of distcc 3.4 and ours side by side: the same jobs, of both clients, and the same servers, of both kinds.

bats_require_minimum_version 1.5.0

setup() {
  load ../support/common.bash
  PORT=$(free_port)
  export DISTCC_DIR=$BATS_TEST_TMPDIR/distcc-dir
  mkdir -p "$DISTCC_DIR" "$BATS_TEST_TMPDIR/work"
  cd "$BATS_TEST_TMPDIR/work" || return 1
  echo 'int f(void) { return 1; }' >a.c
  unset DISTCC_HOSTS HOST HOSTNAME
}
teardown() {
  cd /
  end_noted
}

shows() { "$OURS/distccmon-text" | grep -q "$1"; }

# watch CLIENT: one job at the server and one here, seen by both monitors.
watch() {
  local client=$1 theirs ours
  make_waiting_compiler
  start_theirs "$PORT" --enable-tcp-insecure --jobs 2
  export DISTCC_HOSTS=127.0.0.1:$PORT/2
  "$client" waitcc -c a.c -o remote.o 3>&- &
  local remote=$!
  "$client" waitcc -c a.c -march=native -o local.o 3>&- &
  local here=$!
  wait_until shows "Compile     a.c .* 127.0.0.1\[0\]"
  wait_until shows "Compile .* localhost\["
  theirs=$(/usr/bin/distccmon-text)
  ours=$("$OURS/distccmon-text")
  touch "$BATS_TEST_TMPDIR/go"
  wait "$remote" "$here"
  assert_equal "$ours" "$theirs"
  [ "$(wc -l <<<"$ours")" = 2 ]
  for monitor in "$OURS/distccmon-text" /usr/bin/distccmon-text; do
    run "$monitor"
    assert_success
    assert_output ''
  done
}

@test "distccmon-text shows the jobs of distcc 3.4 as its own monitor does" {
  watch /usr/bin/distcc
}

@test "distccmon-text shows the jobs of our agent as distcc 3.4's monitor does" {
  watch "$OURS/distcc"
}

# both WORD...: lsdistcc of 3.4 and ours print the same, and end with the same status.
both() {
  run /usr/bin/lsdistcc "$@"
  printf '%s\n%s\n' "$output" "$status" | sed 's/ [0-9]*$//' | sort >"$BATS_TEST_TMPDIR/theirs.out"
  run "$OURS/lsdistcc" "$@"
  printf '%s\n%s\n' "$output" "$status" | sed 's/ [0-9]*$//' | sort >"$BATS_TEST_TMPDIR/ours.out"
  run diff "$BATS_TEST_TMPDIR/theirs.out" "$BATS_TEST_TMPDIR/ours.out"
  assert_output ''
}

@test "lsdistcc finds distcc 3.4's server as its own does" {
  start_theirs "$PORT"
  both "-r$PORT" 127.0.0.1
  assert_equal "$(cat "$BATS_TEST_TMPDIR/ours.out")" "$(printf '0\n127.0.0.1:%s' "$PORT")"
  both -l "-r$PORT" localhost
  both -n "-r$PORT" localhost
  for version in 1 2 3; do both -pgcc "-P$version" -k60000 -t60 "-r$PORT" 127.0.0.1 localhost; done
  both -x -pnonesuch -k60000 -t60 "-r$PORT" 127.0.0.1
}

@test "lsdistcc finds our server as distcc 3.4's does" {
  start_ours "$PORT"
  both -pgcc -k60000 -t60 "-r$PORT" 127.0.0.1
  assert_equal "$(cat "$BATS_TEST_TMPDIR/ours.out")" "$(printf '0\n127.0.0.1:%s' "$PORT")"
  both -pgcc -P2 -k60000 -t60 "-r$PORT" 127.0.0.1
  both -x -pnonesuch -k60000 -t60 "-r$PORT" 127.0.0.1
}

@test "lsdistcc calls a port that nobody listens on down, as distcc 3.4's does" {
  both "-r$PORT" 127.0.0.1
  both -x "-r$PORT" 127.0.0.1 127.0.0.2
  both -c0 "-r$PORT" -P3 127.0.0.1
  both nosuch.invalid
  assert_equal "$(cat "$BATS_TEST_TMPDIR/ours.out")" "$(printf '\n1')"
}

@test "lsdistcc tries numbered names" {
  start_theirs "$PORT" --listen 0.0.0.0
  run "$OURS/lsdistcc" "-r$PORT" 127.0.0.%d
  assert_success
  assert_line "127.0.0.1:$PORT"
  assert_line "127.0.0.77:$PORT"
}
