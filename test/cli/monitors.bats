#!/usr/bin/env bats
# shellcheck disable=SC2154 # run --separate-stderr sets $stderr
# distccmon-text and lsdistcc as a user meets them: their words, statuses and sentences.

bats_require_minimum_version 1.5.0

setup() {
  load ../support/common.bash
  export DISTCC_DIR=$BATS_TEST_TMPDIR/distcc-dir
  mkdir -p "$DISTCC_DIR/state"
}
teardown() {
  end_noted
}

@test "distccmon-text without jobs prints an empty line, also before any client ran" {
  run "$OURS/distccmon-text"
  assert_success
  assert_equal "$("$OURS/distccmon-text" | od -An -c | tr -d ' ')" '\n'
  rmdir "$DISTCC_DIR/state"
  run "$OURS/distccmon-text"
  assert_success
  DISTCC_DIR='' HOME=$BATS_TEST_TMPDIR run "$OURS/distccmon-text"
  assert_success
}

@test "distccmon-text with wrong words explains itself on stderr and ends with 1" {
  for words in x '1 2' -1 --bogus; do
    # shellcheck disable=SC2086 # two words
    run --separate-stderr "$OURS/distccmon-text" $words
    assert_failure 1
    assert_equal "$output" ''
    [[ $stderr == 'distccmon-text: ERROR: '*"${words#* }"*$'\nusage: distccmon-text [DELAY]'* ]]
  done
  run --separate-stderr "$OURS/distccmon-text" --help
  assert_failure 1
  assert_equal "$output" ''
  [[ $stderr == 'usage: distccmon-text [DELAY]'* ]]
}

@test "distccmon-text without a directory to look into says so" {
  run --separate-stderr env -u HOME -u DISTCC_DIR "$OURS/distccmon-text"
  assert_failure 101
  assert_equal "$stderr" 'distccmon-text: ERROR: neither DISTCC_DIR nor HOME is set: set one of them to find the jobs'
  DISTCC_DIR=/nowhere run --separate-stderr "$OURS/distccmon-text"
  assert_failure 107
  [[ $stderr == 'distccmon-text: ERROR: DISTCC_DIR names "/nowhere", which cannot be read: '* ]]
}

@test "distccmon-text says which file is not a record, and shows the others" {
  head -c 296 /dev/zero >"$DISTCC_DIR/state/binstate_1"
  run --separate-stderr "$OURS/distccmon-text"
  assert_success
  assert_equal "$stderr" "distccmon-text: Warning: wrong magic number: $DISTCC_DIR/state/binstate_1"
}

@test "distccmon-text with a delay goes on until nobody reads" {
  run -0 bash -c "set -o pipefail; '$OURS/distccmon-text' 0.01 | head -n 5 | wc -l"
  assert_output 5
  "$OURS/distccmon-text" 0.01 3>&- >"$BATS_TEST_TMPDIR/out" &
  local pid=$!
  note_pid "$pid"
  wait_until test -s "$BATS_TEST_TMPDIR/out"
  kill "$pid"
  run wait "$pid"
  assert_failure
}

@test "distccmon-web with wrong words, or without a directory to look into, says so" {
  run --separate-stderr "$OURS/distccmon-web" --port 70000
  assert_failure 101
  assert_equal "$stderr" 'distccmon-web: ERROR: --port expects a port number from 0 to 65535, not "70000"'
  run --separate-stderr "$OURS/distccmon-web" --color
  assert_failure 101
  assert_equal "$stderr" 'distccmon-web: ERROR: --color: unknown option'
  run --separate-stderr "$OURS/distccmon-web" 8080
  assert_failure 101
  assert_equal "$stderr" 'distccmon-web: ERROR: it takes options only, not "8080": a port is named with --port'
  run --separate-stderr env -u HOME -u DISTCC_DIR -u XDG_RUNTIME_DIR "$OURS/distccmon-web"
  assert_failure 101
  assert_equal "$stderr" 'distccmon-web: ERROR: neither DISTCC_DIR nor HOME is set: set one of them to find the jobs'
}

@test "distccmon-web --open goes on without xdg-open, and starts it with the address otherwise" {
  mkdir -p "$BATS_TEST_TMPDIR/none" "$BATS_TEST_TMPDIR/some"
  ln -s "$(command -v node)" "$BATS_TEST_TMPDIR/none/node"
  PATH=$BATS_TEST_TMPDIR/none /usr/bin/env node "$OURS/distccmon-web" --open >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
  note_pid $!
  wait_until test -s "$BATS_TEST_TMPDIR/err"
  run cat "$BATS_TEST_TMPDIR/err"
  assert_output 'distccmon-web: Warning: cannot run xdg-open: No such file or directory: open the address yourself'
  grep -qx 'http://127\.0\.0\.1:[0-9]*/[0-9a-f]*/' "$BATS_TEST_TMPDIR/out"
  printf '#!/bin/sh\necho "$1" >"%s"\n' "$BATS_TEST_TMPDIR/opened" >"$BATS_TEST_TMPDIR/some/xdg-open"
  chmod +x "$BATS_TEST_TMPDIR/some/xdg-open"
  PATH=$BATS_TEST_TMPDIR/some:$PATH "$OURS/distccmon-web" --open >"$BATS_TEST_TMPDIR/out" 3>&- &
  note_pid $!
  wait_until test -s "$BATS_TEST_TMPDIR/opened"
  assert_equal "$(cat "$BATS_TEST_TMPDIR/opened")" "$(cat "$BATS_TEST_TMPDIR/out")"
}

@test "lsdistcc with wrong words explains itself and ends with 1" {
  for words in --help -z -r0 '-m32 x' 'x -l'; do
    # shellcheck disable=SC2086 # two words
    run --separate-stderr "$OURS/lsdistcc" $words
    assert_failure 1
    [[ $output == 'Usage: lsdistcc [options] [HOST... | FORMAT]'* ]]
    assert_equal "$stderr" ''
  done
}

@test "lsdistcc, distccmon-text and distccmon-web say their version" {
  for program in lsdistcc distccmon-text distccmon-web; do
    run -0 "$OURS/$program" --version
    assert_line --index 0 --regexp "^$program [0-9.]+ "
  done
}

@test "lsdistcc -v says why a server is down, and -t ends a search that takes too long" {
  local port
  port=$(free_port)
  run --separate-stderr -0 "$OURS/lsdistcc" -v -x "-r$port" 127.0.0.1
  assert_output "127.0.0.1:$port,down"
  [[ $stderr == *' 127.0.0.1: connecting failed: Connection refused' ]]
  node -e 'require("node:net").createServer(() => {}).listen(Number(process.argv[1]), "127.0.0.1")' "$port" 3>&- &
  note_pid $!
  wait_until listens "$port"
  run --separate-stderr -0 "$OURS/lsdistcc" -x -pgcc -k1 "-r$port" 127.0.0.1
  assert_output "127.0.0.1:$port,down"
  run --separate-stderr -0 "$OURS/lsdistcc" -v -x -pgcc -k600000 -t1 "-r$port" 127.0.0.1
  assert_output ''
  [[ $stderr == *'Timeout!' ]]
}

@test "lsdistcc -d adds this machine's domain" {
  run --separate-stderr env HOST=a.example.invalid "$OURS/lsdistcc" -d -v -c0 b
  [[ $stderr == *'Looking up b.example.invalid'* ]]
}
