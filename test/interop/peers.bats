#!/usr/bin/env bats
# shellcheck disable=SC2154 # run --separate-stderr sets $stderr
# Real peers: Debian's distcc 3.4 and ours, each client with each server, plain and compressed. Every object must be
# the local one.

bats_require_minimum_version 1.5.0

setup() {
  load ../support/common.bash
  PORT=$(free_port)
  export DISTCC_DIR=$BATS_TEST_TMPDIR/distcc-dir
  mkdir -p "$DISTCC_DIR" "$BATS_TEST_TMPDIR/work"
  cd "$BATS_TEST_TMPDIR/work" || return 1
  # Compilers that do one thing; every server and client finds them by name.
  PROGRAMS=$BATS_TEST_TMPDIR/programs
  open_folder "$PROGRAMS"
  program segvcc 'kill -SEGV $$'
  program emptycc 'exit 0'
  program plaincc 'exec gcc "$@"'
  # Jobs can tell nobody their process ids: how long it sleeps no other process does.
  SLEEP="sleep 300.$PORT$$"
  program slowcc "$SLEEP & wait"
  export PATH=$PROGRAMS:/usr/local/bin:/usr/bin:/bin
  unset DISTCC_HOSTS DISTCC_FALLBACK
}
teardown() {
  cd /
  end_noted
}

program() {
  printf '#!/bin/sh\n%s\n' "$2" >"$PROGRAMS/$1"
  chmod 755 "$PROGRAMS/$1"
}

# serve NAME: starts that server; its log is $LOG, its temporary folder $SERVER_TMP, its pid $SERVER_PID.
serve() {
  local name=$1
  shift
  case $name in
    ours)
      make_masks "$BATS_TEST_TMPDIR/masks" cc c++ gcc g++ clang clang++ x86_64-linux-gnu-gcc x86_64-linux-gnu-g++ \
        aarch64-linux-gnu-gcc aarch64-linux-gnu-g++ segvcc emptycc slowcc gonecc
      start_ours "$PORT" "$@"
      SERVER_PID=$OURS_PID SERVER_TMP=$BATS_TEST_TMPDIR/ours-tmp LOG=$BATS_TEST_TMPDIR/ours.$PORT.log
      ;;
    theirs)
      start_theirs "$PORT" --enable-tcp-insecure "$@"
      SERVER_PID=$THEIRS_PID SERVER_TMP=$BATS_TEST_TMPDIR/theirs-tmp LOG=$BATS_TEST_TMPDIR/theirs.$PORT.log
      ;;
  esac
}

# client NAME: the program to call.
client() {
  case $1 in
    ours) echo "$OURS/distcc" ;;
    theirs) echo /usr/bin/distcc ;;
  esac
}

finished() { grep -q "$1" "$LOG"; }
# What the jobs' roots are mounted on stays, the files and trees of a client that may come again, and empty folders for
# the next jobs.
nothing_left() {
  [ -z "$(find "$SERVER_TMP" -mindepth 1 \( -path '*/distccd-spool-*/root' -o -path '*/distccd-spool-*/files-*' \
    -o -path '*/distccd-spool-*/tree-*' \) -prune -o ! -name daemon-lock \
    ! \( -name 'job-*' -type d -empty \) ! -name 'distccd-spool-*' -print | head -n 1)" ]
}

# Sources for -g have no macros: gcc's column numbers are those of the preprocessed text, for every distcc. Clang's
# DWARF 5 holds a checksum of each source, which no server has.
sources() {
  cat >hello.h <<'END'
static const char greeting[] = "hello, world";
END
  cat >hello.c <<'END'
#include <stdio.h>
#include "hello.h"
static int unused_but_kept(int x) { return x + 1; }
int main(void) { puts(greeting); return unused_but_kept(1); }
END
  cat >hello.cc <<'END'
#include <map>
#include <string>
#include "hello.h"
namespace { std::map<std::string, int> counts; }
int count(const std::string &word) { return ++counts[word + greeting]; }
END
  cat >plain.cc <<'END'
#include "hello.h"
namespace { struct Greeter { int times; int greet() const { return greeting[0] * times; } }; }
int greet(int times) { return Greeter{times}.greet(); }
END
  cp plain.cc plain.c
  cat >hello.m <<'END'
#include "hello.h"
__attribute__((objc_root_class))
@interface Greeter
+ (const char *)greet;
@end
@implementation Greeter
+ (const char *)greet { return greeting; }
@end
END
  gcc -E hello.c -o ready.i
}

# same WORDS...: compiles remotely and locally, and compares whatever the words write to out.o.
compile_both() {
  local distcc=$1
  shift
  "$@"
  mv out.o local.o
  [ ! -e out.d ] || mv out.d local.d
  run --separate-stderr env DISTCC_HOSTS="$HOSTS" DISTCC_FALLBACK=0 "$distcc" "$@"
  assert_success
  assert_equal "$output" ''
  cmp out.o local.o
  wait_until finished 'COMPILE_OK'
  wait_until nothing_left
}

test_language() {
  local client server option
  IFS=' ' read -r client server option <<<"$1"
  shift
  sources
  serve "$server"
  HOSTS=127.0.0.1:$PORT${option/#plain/}
  compile_both "$(client "$client")" "$@"
  assert_equal "$stderr" ''
}

test_dependencies() {
  local client server option
  IFS=' ' read -r client server option <<<"$1"
  sources
  serve "$server"
  HOSTS=127.0.0.1:$PORT${option/#plain/}
  compile_both "$(client "$client")" gcc -MD -MF out.d -c hello.c -o out.o
  # The target of 3.4's .d lacks the name given by -o; ours is the local one byte for byte.
  [ "$client" = theirs ] || cmp out.d local.d
  grep -q 'hello.h' out.d
}

test_warnings() {
  local client server option
  IFS=' ' read -r client server option <<<"$1"
  serve "$server"
  HOSTS=127.0.0.1:$PORT${option/#plain/}
  echo 'int f(void) { int unused; return 0; }' >warn.c
  gcc -Wall -c warn.c -o out.o 2>local.txt
  compile_both "$(client "$client")" gcc -Wall -c warn.c -o out.o
  # A server has no source to quote from: the line that names the position is what both have.
  assert_equal "$(grep warning: <<<"$stderr")" "$(grep warning: local.txt)"
}

test_error() {
  local client server option
  IFS=' ' read -r client server option <<<"$1"
  serve "$server"
  echo 'int f(void) { return missing; }' >bad.c
  run --separate-stderr env DISTCC_HOSTS="127.0.0.1:$PORT${option/#plain/}" DISTCC_SKIP_LOCAL_RETRY=1 \
    "$(client "$client")" gcc -c bad.c -o out.o
  assert_failure 1
  [[ $stderr == *"bad.c:1:"*"'missing' undeclared"* ]] || [[ $stderr == *'bad.c:1:'*'missing'* ]]
  [ ! -e out.o ]
  wait_until finished 'COMPILE_ERROR exit:1'
}

test_signal() {
  local client server option
  IFS=' ' read -r client server option <<<"$1"
  serve "$server"
  echo 'int x;' >a.i
  run env DISTCC_HOSTS="127.0.0.1:$PORT${option/#plain/}" DISTCC_FALLBACK=0 "$(client "$client")" segvcc -c a.i -o out.o
  assert_failure 139
  [ ! -e out.o ]
  wait_until finished 'COMPILE_ERROR exit:0 sig:11'
}

test_missing_compiler() {
  local client server option
  IFS=' ' read -r client server option <<<"$1"
  serve "$server"
  echo 'int x;' >a.i
  run env DISTCC_HOSTS="127.0.0.1:$PORT${option/#plain/}" DISTCC_FALLBACK=0 "$(client "$client")" gonecc -c a.i -o out.o
  # A compiler that a host lacks is the host's fault to our client, which would go on elsewhere.
  case $client in
    ours) assert_failure 116 ;;
    theirs)
      assert_failure 110
      assert_output --partial 'failed to exec gonecc: No such file or directory'
      ;;
  esac
  [ ! -e out.o ]
}

test_empty_object() {
  local client server option
  IFS=' ' read -r client server option <<<"$1"
  serve "$server"
  echo 'int x;' >a.i
  run env DISTCC_HOSTS="127.0.0.1:$PORT${option/#plain/}" DISTCC_FALLBACK=0 "$(client "$client")" emptycc -c a.i -o out.o
  case $client in
    ours)
      assert_failure 116
      assert_output --partial 'its object is empty'
      [ ! -e out.o ]
      ;;
    theirs)
      assert_success
      [ -e out.o ] && [ ! -s out.o ]
      ;;
  esac
}

test_large() {
  local client server option
  IFS=' ' read -r client server option <<<"$1"
  serve "$server"
  HOSTS=127.0.0.1:$PORT${option/#plain/}
  awk 'BEGIN { for (n = 0; n < 130000; n++) printf "extern int a_rather_long_function_name_%07d(int one, int two, long three);\n", n; print "int x = 1;" }' >large.c
  [ "$(stat -c %s large.c)" -gt 10000000 ]
  compile_both "$(client "$client")" gcc -c large.c -o out.o
}

test_crowd() {
  local client server option program times n
  IFS=' ' read -r client server option <<<"$1"
  serve "$server" --jobs 4
  program=$(client "$client")
  for n in $(seq 32); do echo "int function_$n(int x) { return x * $n; }" >"c$n.c"; done
  for n in $(seq 32); do gcc -O2 -c "c$n.c" -o "local$n.o"; done
  export DISTCC_HOSTS="127.0.0.1:$PORT/32${option/#plain/}" DISTCC_FALLBACK=0
  # The first time our client does not know yet that ours takes files, the second time it does.
  for times in 1 2; do
    seq 32 | xargs -P 32 -I{} "$program" gcc -O2 -c c{}.c -o c{}.o
    for n in $(seq 32); do cmp "c$n.o" "local$n.o"; done
    rm c*.o
    compiled $((times * 32)) "$LOG"
  done
  wait_until nothing_left
}

test_refused_address() {
  local client server option
  IFS=' ' read -r client server option <<<"$1"
  sources
  if [ "$server" = ours ]; then
    make_masks "$BATS_TEST_TMPDIR/masks" gcc
    open_folder "$BATS_TEST_TMPDIR/ours-tmp"
    TMPDIR=$BATS_TEST_TMPDIR/ours-tmp "$OURS/distccd" --no-detach --log-stderr --listen 127.0.0.1 --port "$PORT" \
      --masquerade-dir "$BATS_TEST_TMPDIR/masks" --allow 127.0.0.99 2>"$BATS_TEST_TMPDIR/log" 3>&- &
  else
    /usr/bin/distccd --daemon --no-detach --log-stderr --listen 127.0.0.1 --port "$PORT" --allow 127.0.0.99 2>"$BATS_TEST_TMPDIR/log" 3>&- &
  fi
  note_pid $!
  wait_until listens "$PORT"
  gcc -c hello.c -o local.o
  run env DISTCC_HOSTS="127.0.0.1:$PORT${option/#plain/}" "$(client "$client")" gcc -c hello.c -o out.o
  assert_success
  assert_output --partial 'failed to distribute hello.c to 127.0.0.1'
  assert_output --partial 'running locally instead'
  cmp out.o local.o
  wait_until grep -q 'denied by access list' "$BATS_TEST_TMPDIR/log"
}

test_refused_option() {
  local client server option
  IFS=' ' read -r client server option <<<"$1"
  sources
  serve "$server"
  gcc -fstack-usage -c hello.c -o local.o
  run env DISTCC_HOSTS="127.0.0.1:$PORT${option/#plain/}" "$(client "$client")" gcc -fstack-usage -c hello.c -o out.o
  assert_success
  # Ours reads the same list, and asks nobody.
  if [ "$client" = theirs ]; then
    assert_output --partial 'the option "-fstack-usage" is refused: it makes the compiler write another file than the object'
    assert_output --partial 'the administrator can permit it by --permit-option'
    assert_output --partial 'running locally instead'
  fi
  cmp out.o local.o
  [ -e out.su ]
  run ! grep -q COMPILE_OK "$LOG"
}

test_refused_compiler() {
  local client server option
  IFS=' ' read -r client server option <<<"$1"
  make_masks "$BATS_TEST_TMPDIR/masks" cc
  case $server in
    ours) start_ours "$PORT" ;;
    theirs) start_theirs "$PORT" ;;
  esac
  echo 'int x;' >a.i
  run env DISTCC_HOSTS="127.0.0.1:$PORT${option/#plain/}" "$(client "$client")" plaincc -c a.i -o out.o
  assert_success
  assert_output --partial 'running locally instead'
  if [ "$server" = ours ]; then
    assert_output --partial 'the compiler "plaincc" is not permitted here'
    assert_output --partial 'update-distcc-symlinks'
  fi
  # Where only another host is left, the job gets one, as with 3.4.
  local other
  other=$(free_port)
  start_theirs "$other" --enable-tcp-insecure
  rm -rf "$DISTCC_DIR/lock"
  run env DISTCC_HOSTS="127.0.0.1:$PORT${option/#plain/} 127.0.0.1:$other" DISTCC_FALLBACK=0 DISTCC_SKIP_LOCAL_RETRY=1 \
    "$(client "$client")" plaincc -c a.i -o out.o
  assert_success
}

compilers_started() { pgrep -fx "$SLEEP" >/dev/null; }
compilers_gone() { ! compilers_started; }

test_daemon_killed() {
  local client server option
  IFS=' ' read -r client server option <<<"$1"
  serve "$server"
  # The local retry finds a compiler that is quick.
  echo 'int x = 1;' >a.i
  # 3.4's compilers inherit the connection and hold it open: there the client has to time out.
  DISTCC_IO_TIMEOUT=2 DISTCC_HOSTS="127.0.0.1:$PORT${option/#plain/}" "$(client "$client")" slowcc -c a.i -o out.o \
    >client.txt 2>&1 3>&- &
  local job=$!
  wait_until compilers_started
  program slowcc 'echo local >out.o'
  # 3.4 has a process for each job: the one that serves must die too.
  local pids
  pids="$SERVER_PID $(pgrep -P "$SERVER_PID" -x distccd | tr '\n' ' ')"
  # shellcheck disable=SC2086 # several pids
  kill -KILL $pids
  wait "$job"
  grep -q 'running locally instead' client.txt
  assert_equal "$(cat out.o)" local
  # The compilers of a killed daemon are orphans that this test made.
  # shellcheck disable=SC2046
  kill $(pgrep -fx "$SLEEP") 2>/dev/null || true
}

test_client_killed() {
  local client server option
  IFS=' ' read -r client server option <<<"$1"
  serve "$server"
  echo 'int x = 1;' >a.i
  DISTCC_HOSTS="127.0.0.1:$PORT${option/#plain/}" "$(client "$client")" slowcc -c a.i -o out.o >client.txt 2>&1 3>&- &
  local job=$!
  wait_until compilers_started
  kill -KILL "$job"
  wait_until compilers_gone
  wait_until finished 'CLI_DISCONN'
  [ "$server" = theirs ] || wait_until nothing_left
  [ ! -e out.o ]
}

# pair CLIENT SERVER OPTION: every case for it. The pair of two Debian programs is distcc's own business.
needs_program() { command -v "$1" >/dev/null; }
for pair in 'theirs ours plain' 'theirs ours ,lzo' 'ours theirs plain' 'ours theirs ,lzo' 'ours ours plain' 'ours ours ,lzo'; do
  IFS=' ' read -r from to how <<<"$pair"
  name="$from client, $to server, ${how#,}"
  language() {
    local title=$1
    shift
    bats_test_function --description "$name: $title" -- test_language "$pair" "$@"
  }
  language 'C' gcc -O2 -c hello.c -o out.o
  language 'C with -g' gcc -g -c hello.c -o out.o
  language 'C to assembler' gcc -O1 -S hello.c -o out.o
  language 'C, preprocessed already' gcc -c ready.i -o out.o
  language 'C++' g++ -O2 -c hello.cc -o out.o
  language 'C++ with -g' g++ -g -c plain.cc -o out.o
  language 'Objective-C' gcc -c hello.m -o out.o
  language 'options for the preprocessor and the linker' gcc -O1 -iquote . -isysroot / --sysroot=/ -A x=y -C -z now -c hello.c -o out.o
  language 'C++ by the name of C' g++ -O2 -c plain.c -o out.o
  language 'C++ by -x' gcc -x c++ -c plain.c -o out.o
  language 'C by clang' clang -O2 -c hello.c -o out.o
  language 'C++ by clang' clang++ -O2 -c hello.cc -o out.o
  # 3.4's client does not tell a server's clang the directory that debug information names; ours does.
  [ "$from" = theirs ] || language 'C++ by clang with -g' clang++ -gdwarf-4 -c plain.cc -o out.o
  [ "$to" = theirs ] || bats_test_function --description "$name: refused option" -- test_refused_option "$pair"
  for case in dependencies warnings error signal missing_compiler empty_object large crowd refused_address refused_compiler \
    daemon_killed client_killed; do
    bats_test_function --description "$name: ${case//_/ }" -- "test_$case" "$pair"
  done
done
