#!/usr/bin/env bats
# The page of --stats, as Debian's distccd writes it.

bats_require_minimum_version 1.5.0

setup() {
  load ../support/common.bash
  PORT=$(free_port)
  STATS=$(free_port)
  export DISTCC_DIR=$BATS_TEST_TMPDIR/distcc-dir
  mkdir -p "$DISTCC_DIR" "$BATS_TEST_TMPDIR/work"
  cd "$BATS_TEST_TMPDIR/work" || return 1
  echo 'int x;' >a.c
  echo 'int x' >wrong.c
}
teardown() {
  cd /
  end_noted
}

page() { bash -c "exec 9<>/dev/tcp/127.0.0.1/$1; printf 'GET / HTTP/1.0\r\n\r\n' >&9; cat <&9"; }

shows() { page "$STATS" | grep -qx "$1"; }

# distcc's server answers whoever connects, and has closed before a question arrives.
page_unasked() { bash -c "exec 9<>/dev/tcp/127.0.0.1/$1; cat <&9"; }

compile() { DISTCC_HOSTS=127.0.0.1:$1 DISTCC_FALLBACK=0 /usr/bin/distcc gcc -c "$2" -o out.o; }

@test "it has distcc's head and distcc's lines in distcc's order, and the free memory" {
  start_ours "$PORT" --stats --stats-port "$STATS"
  local theirs_port theirs_stats
  theirs_port=$(free_port)
  theirs_stats=$(free_port)
  start_theirs "$theirs_port" --stats --stats-port "$theirs_stats" --enable-tcp-insecure
  page "$STATS" >ours
  page_unasked "$theirs_stats" >theirs
  run diff <(sed 's/\r$//; /^dcc_free_mem/d; s/^\(dcc_[^ ]*\) .*/\1/' ours) <(sed '/^dcc_free_mem/d; s/^\(dcc_[^ ]*\) .*/\1/' theirs)
  assert_output ''
  grep -E '^dcc_free_mem [0-9]+ MB$' ours
  grep -E '^dcc_free_space [0-9]+ MB$' ours
  grep -E '^dcc_max_RSS_name \(.*\)$' ours
}

@test "it counts what happened, and reading it does not count as a job" {
  start_ours "$PORT" --stats --stats-port "$STATS"
  compile "$PORT" a.c
  compile "$PORT" a.c
  run compile "$PORT" wrong.c
  # It counts a job when the client already has its answer, and a page is good for a second.
  wait_until shows 'dcc_compile_error 1'
  run page "$STATS"
  assert_line 'dcc_tcp_accept 3'
  assert_line 'dcc_compile_ok 2'
  assert_line 'dcc_compile_error 1'
  assert_line 'dcc_longest_job a.c'
  assert_line --regexp '^dcc_longest_job_compiler .*gcc$'
  assert_line 'dcc_num_compiles1 3'
}

@test "a client of HTTP, and whoever asks nothing, get it too" {
  start_ours "$PORT" --stats --stats-port "$STATS"
  run node -e 'fetch(`http://127.0.0.1:${process.argv[1]}/`).then(async (answer) => console.log(answer.status, (await answer.text()).split("\n")[1]))' "$STATS"
  assert_output '200 <distccstats>'
  run bash -c "exec 9<>/dev/tcp/127.0.0.1/$STATS; cat <&9"
  assert_line '</distccstats>'
}

@test "only this machine reads it, whatever --listen says, unless --stats-listen names another address" {
  start_ours "$PORT" --stats --stats-port "$STATS"
  run bash -c "ss -Hltn 'sport = :$STATS' | awk '{print \$4}'"
  assert_line "127.0.0.1:$STATS"
  refute_line --regexp '^(0\.0\.0\.0|\[::\]|\*):'
}

@test "a taken port ends the start with 102 and names --stats-port" {
  start_ours "$PORT" --stats --stats-port "$STATS"
  run "$OURS/distccd" --daemon --no-detach --listen 127.0.0.1 --port "$(free_port)" --stats --stats-port "$STATS" \
    --masquerade-dir "$BATS_TEST_TMPDIR/masks"
  assert_failure 102
  assert_output --partial 'choose another port with --stats-port'
}
