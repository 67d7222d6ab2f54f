#!/usr/bin/env bats
# Builds by real tools through launcher, agent and daemon. Every object must be the one of a plain build.

bats_require_minimum_version 1.5.0

setup() {
  load ../support/common.bash
  PORT=$(free_port)
  export DISTCC_DIR=$BATS_TEST_TMPDIR/distcc-dir DISTCC_HOSTS=127.0.0.1:$PORT/8 PATH=$OURS:$PATH
  unset MAKEFLAGS MAKELEVEL MFLAGS
  mkdir -p "$DISTCC_DIR" "$BATS_TEST_TMPDIR/work"
  cd "$BATS_TEST_TMPDIR/work" || return 1
  start_ours "$PORT"
  local n
  for n in $(seq 12); do
    printf '#include <stdio.h>\nint f%d(int x) { return printf("%d", x); }\n' "$n" "$n" >"f$n.c"
  done
  echo 'int main(void) { return 0; }' >main.c
}
teardown() {
  cd /
  end_noted
}

# same_objects DIR DIR COUNT
same_objects() {
  local name count=0
  while read -r name; do
    cmp "$1/$name" "$2/$name"
    count=$((count + 1))
  done < <(cd "$1" && find . -name '*.o' | sort)
  assert_equal "$count" "$3"
}

makefile() {
  cat >Makefile <<'END'
OBJECTS := $(patsubst %.c,%.o,$(wildcard *.c))
all: $(OBJECTS)
	+$(CC) $(LDFLAGS) -o program $(OBJECTS)
%.o: %.c
	@$(CC) $(CFLAGS) -c $< -o $@
END
}

@test 'make -j8' {
  makefile
  mkdir plain && cp ./*.c Makefile plain
  make -s -C plain CC=gcc CFLAGS=-O2
  run --separate-stderr make -s -j8 CC='distcc gcc' CFLAGS=-O2
  # shellcheck disable=SC2154 # run sets stderr
  assert_equal "$status|$output|$stderr" '0||'
  same_objects plain . 13
  compiled 13 "$BATS_TEST_TMPDIR/ours.$PORT.log"
}

@test 'make -j8, its jobserver shared with a link-time optimization' {
  makefile
  local style styles=pipe
  ! make --help | grep -q jobserver-style || styles='pipe fifo'
  for style in $styles; do
    rm -f ./*.o program
    local flags=(-j8)
    [ "$styles" = pipe ] || flags+=("--jobserver-style=$style")
    run --separate-stderr make "${flags[@]}" CC='distcc gcc' CFLAGS='-O2 -flto=jobserver' LDFLAGS='-O2 -flto=jobserver'
    assert_success
    assert_equal "$stderr" ''
    [[ $output != *jobserver\ unavailable* && $output != *warning* ]]
    ./program
  done
}

# slow_server PORT: one whose compilers take a while.
slow_server() {
  mkdir -p "$BATS_TEST_TMPDIR/slow"
  printf '#!/bin/sh\nsleep 0.3\nexec /usr/bin/gcc "$@"\n' >"$BATS_TEST_TMPDIR/slow/gcc"
  chmod 755 "$BATS_TEST_TMPDIR/slow/gcc"
  PATH=$BATS_TEST_TMPDIR/slow:$PATH start_ours "$1" --jobs 8
  export DISTCC_HOSTS=127.0.0.1:$1/8 DISTCC_NO_REWRITE_CROSS=1
}
has_objects() { [ "$(find . -maxdepth 1 -name '*.o' | wc -l)" -ge "$1" ]; }
is_served_by() { distcc gcc -c main.c -o again.o && [ "$(distcc --agent-status --json | grep -o '"version":"[^"]*"')" = "\"version\":\"$1\"" ]; }

# The files of an installation are replaced one by one, and the agent is killed between: whoever is started then meets
# another version.
test_upgrade() {
  local version n old slow_port installed=$BATS_TEST_TMPDIR/installed fresh=$BATS_TEST_TMPDIR/fresh
  version=$(grep -aoE '0\.[0-9]+\.[0-9]+-[0-9a-f]{8}' "$OURS/distcc" | head -n 1)
  slow_port=$(free_port)
  slow_server "$slow_port"
  ln -s "$TOP/node_modules" "$BATS_TEST_TMPDIR/node_modules"
  cp -r "$OURS" "$installed"
  cp -r "$OURS" "$fresh"
  sed -i "s/$version/${version%-*}-00000000/g" "$fresh/distcc" "$fresh/distcc-agent"
  for n in $(seq 13 60); do echo "int f$n(int x) { return x + $n; }" >"f$n.c"; done
  makefile
  mkdir plain && cp ./*.c Makefile plain
  make -s -C plain -j2 CC=gcc
  PATH=$installed:$PATH make -s -j16 CC='distcc gcc' >said 2>&1 3>&- &
  local build=$!
  wait_until has_objects 8
  old=$(cat "$DISTCC_DIR/agent/$version.pid")
  for n in $1; do
    mv "$fresh/$n" "$installed/$n"
    [ "$n" != "${1%% *}" ] || { kill -KILL "$old" && wait_until has_objects 28; }
  done
  kill -0 "$build"
  wait "$build"
  assert_equal "$(cat said)" ''
  same_objects plain . 61
  PATH=$installed:$PATH wait_until is_served_by "${version%-*}-00000000"
  wait_until is_gone "$old"
  assert_equal "$(cat "$DISTCC_DIR"/agent/*.pid)" "$(cat "$DISTCC_DIR/agent/${version%-*}-00000000.pid")"
  # Those that met the other version's files were compiled here, more or fewer as the machine is quick.
  wait_until has_compiled 9 "$BATS_TEST_TMPDIR/ours.$slow_port.log"
}
bats_test_function --description 'make -j16 while an upgrade comes, the launcher first' -- test_upgrade 'distcc distcc-agent'
bats_test_function --description 'make -j16 while an upgrade comes, the agent first' -- test_upgrade 'distcc-agent distcc'

@test 'ninja: nothing that distcc starts holds its pipes' {
  {
    echo 'rule cc'
    echo '  command = $cc -O2 -c $in -o $out'
    for name in *.c; do echo "build ${name%.c}.o: cc $name"; done
  } >rules
  { echo 'cc = gcc'; sed 's|: cc |&../|' rules; } >plain.ninja
  mkdir plain && cp plain.ninja plain/build.ninja
  { echo 'cc = distcc gcc'; cat rules; } >build.ninja
  ninja -C plain --quiet
  # It has to end: if the agent held a pipe, this would wait until the agent ends.
  DISTCC_AGENT_IDLE=100000 run --separate-stderr ninja -j8 --quiet
  assert_equal "$status|$output|$stderr" '0||'
  [ -n "$(cat "$DISTCC_DIR"/agent/*.pid)" ]
  same_objects plain . 13
  compiled 13 "$BATS_TEST_TMPDIR/ours.$PORT.log"
}

@test 'a full disk: one sentence, the old object stays, nothing is left beside it; a full DISTCC_DIR does not matter' {
  [ "$(id -u)" = 0 ] || skip 'only root may mount'
  mkdir small
  echo 'char large[60000] = {1};' >large.c
  cat >script <<'END'
set -e
mount -t tmpfs -o size=64k none small
echo old >small/large.o
cat /dev/zero >small/filling 2>/dev/null || true
for agent in 1 0; do
  status=0
  DISTCC_AGENT=$agent distcc gcc -c large.c -o small/large.o 2>said || status=$?
  echo "$status $(cat small/large.o) $(ls -A small | tr '\n' ' ')$(wc -l <said)"
  grep -o 'cannot write .*' said
done
for agent in 1 0; do
  DISTCC_DIR=$PWD/small DISTCC_AGENT=$agent distcc gcc -c large.c -o "large$agent.o"
done
distcc --agent-stop
DISTCC_DIR=$PWD/small distcc --agent-stop
END
  run unshare -m sh script
  assert_success
  local sentence="cannot write \"small/large.o\": No space left on device"
  assert_output "107 old filling large.o 1
$sentence
107 old filling large.o 1
$sentence"
  gcc -c large.c -o local.o
  cmp large1.o local.o
  cmp large0.o local.o
}

test_cmake() {
  mkdir project && mv ./*.c project
  cat >project/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.18)
project(program C)
file(GLOB sources *.c)
add_executable(program ${sources})
END
  local tree options=(-G "$1" -DCMAKE_BUILD_TYPE=Release)
  for tree in plain farm; do
    [ "$tree" = plain ] || options+=(-DCMAKE_C_COMPILER_LAUNCHER=distcc)
    cmake -S project -B "$tree" "${options[@]}" >"$tree.log"
    cmake --build "$tree" -j8 >>"$tree.log" 2>&1
    "$tree/program"
  done
  run ! grep -i 'warning\|distcc\[' farm.log
  same_objects plain/CMakeFiles/program.dir farm/CMakeFiles/program.dir 13
  wait_until has_compiled 13 "$BATS_TEST_TMPDIR/ours.$PORT.log"
}
bats_test_function --description 'cmake with make' -- test_cmake 'Unix Makefiles'
bats_test_function --description 'cmake with ninja' -- test_cmake Ninja
