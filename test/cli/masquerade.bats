#!/usr/bin/env bats
# shellcheck disable=SC2016 # the shells under test expand these words
# Links that bear a compiler's name and lead to distcc: however a shell comes to one, the real compiler does the work.

bats_require_minimum_version 1.5.0

setup() {
  load ../support/common.bash
  export DISTCC_DIR=$BATS_TEST_TMPDIR/distcc-dir DISTCC_HOSTS=localhost
  MASKS=$BATS_TEST_TMPDIR/links
  mkdir -p "$DISTCC_DIR" "$MASKS" "$BATS_TEST_TMPDIR/work" "$BATS_TEST_TMPDIR/scripts"
  cd "$BATS_TEST_TMPDIR/work" || return 1
  ln -s "$OURS/distcc" "$MASKS/gcc"
  echo 'int x = 1;' >a.c
  gcc -O2 -c a.c -o local.o
  # Everything but compilers, so that the link is what a shell finds.
  PLAIN=$PATH
  unset _DISTCC_SAFEGUARD
}
teardown() {
  cd /
  end_noted
}

# compiles SHELL-WORDS...: they must make the object of a plain compile, silently, and by way of distcc.
compiles() {
  rm -f a.o "$BATS_TEST_TMPDIR/log"
  run --separate-stderr env DISTCC_LOG="$BATS_TEST_TMPDIR/log" "$@"
  # shellcheck disable=SC2154 # run sets stderr
  assert_equal "$status|$output|$stderr" '0||'
  cmp a.o local.o
  grep -q 'a\.c' "$BATS_TEST_TMPDIR/log"
}

test_form() {
  local path=${1//MASKS/$MASKS} script=${2//MASKS/$MASKS} agent
  script=${script//OURS/$OURS}
  path=${path//PLAIN/$PLAIN}
  for agent in 1 0; do
    compiles DISTCC_AGENT="$agent" PATH="$path" /bin/sh -c "$script"
  done
}

form() { bats_test_function --description "$1" -- test_form "$2" "$3"; }
form 'found on PATH' MASKS:PLAIN 'gcc -O2 -c a.c'
form 'by its absolute path' MASKS:PLAIN 'MASKS/gcc -O2 -c a.c'
form 'by its absolute path, not on PATH' PLAIN 'MASKS/gcc -O2 -c a.c'
form 'by a relative path' MASKS:PLAIN 'ln -sf MASKS/gcc gcc && ./gcc -O2 -c a.c'
form 'by a path with dots' MASKS:PLAIN 'MASKS/../links/./gcc -O2 -c a.c'
form 'by a link to the link' PLAIN 'mkdir more && ln -s MASKS/gcc more/gcc && PATH=$PWD/more:$PATH gcc -O2 -c a.c; rm -r more'
form 'by a directory that stands twice in PATH' MASKS:MASKS:PLAIN:MASKS 'gcc -O2 -c a.c'
form 'by two names of one directory' MASKS:MASKS/.:MASKS/../links:PLAIN 'gcc -O2 -c a.c'
form 'by an empty element of PATH' :PLAIN 'ln -s MASKS/gcc gcc && gcc -O2 -c a.c; rm gcc'
form 'by a relative element of PATH' ../links:PLAIN 'gcc -O2 -c a.c'
form 'by env' MASKS:PLAIN 'env gcc -O2 -c a.c'
form 'by exec' MASKS:PLAIN 'exec gcc -O2 -c a.c'
form 'by exec with another argv[0]' MASKS:PLAIN 'exec bash -c "exec -a gcc MASKS/gcc -O2 -c a.c"'
form 'below an explicit distcc' MASKS:PLAIN 'OURS/distcc gcc -O2 -c a.c'
for shell in dash bash zsh 'busybox sh'; do
  form "from $shell" MASKS:PLAIN "exec $shell -c 'gcc -O2 -c a.c && :'"
done
form 'from a script without an interpreter line' MASKS:PLAIN 'echo "gcc -O2 -c a.c" >s && chmod +x s && exec ./s'
form 'without a PATH' PLAIN 'unset PATH; exec MASKS/gcc -O2 -c a.c'

test_none() {
  local agent path=${1//MASKS/$MASKS} program=${2//MASKS/$MASKS}
  for agent in 1 0; do
    run --separate-stderr /usr/bin/env DISTCC_AGENT="$agent" PATH="$path" "$program" -c a.c
    assert_failure 110
    [[ $stderr == *'failed to exec gcc: No such file or directory'* ]]
    [ ! -e a.o ]
  done
}
bats_test_function --description 'without any real compiler after it: says so, and does not call itself' -- test_none MASKS gcc
bats_test_function --description 'without any real compiler, twice on PATH' -- test_none MASKS:MASKS MASKS/gcc
