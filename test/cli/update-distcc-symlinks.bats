#!/usr/bin/env bats
# shellcheck disable=SC2154 # run --separate-stderr sets $stderr
# update-distcc-symlinks as an administrator and a package's trigger meet it, on a system below a folder.

bats_require_minimum_version 1.5.0

setup() {
  load ../support/common.bash
  ROOT=$BATS_TEST_TMPDIR/root
  LINKS=$ROOT/usr/lib/distcc
  mkdir -p "$ROOT/usr/bin" "$ROOT/usr/lib/gcc/x86_64-linux-gnu/12" "$ROOT/usr/lib/gcc-cross/aarch64-linux-gnu/13"
  installed cc gcc gcc-12 x86_64-linux-gnu-gcc x86_64-linux-gnu-gcc-12 aarch64-linux-gnu-gcc-13 clang-14 clang-tidy ls
}

installed() {
  local name
  for name in "$@"; do
    printf '#!/bin/sh\n' >"$ROOT/usr/bin/$name"
    chmod 755 "$ROOT/usr/bin/$name"
  done
}

# shellcheck disable=SC2120 # run passes them
update() { "$OURS/update-distcc-symlinks" --root "$ROOT" "$@"; }
names() { (cd "$LINKS" && echo *); }

@test "fills the directory with relative links, quietly, and changes nothing the second time" {
  run update
  assert_success
  assert_output ''
  run names
  assert_output 'aarch64-linux-gnu-gcc-13 cc clang-14 gcc gcc-12 x86_64-linux-gnu-gcc x86_64-linux-gnu-gcc-12'
  assert_equal "$(readlink "$LINKS/gcc")" ../../bin/distcc
  run update --verbose
  assert_success
  assert_output ''
}

@test "--dry-run says what it would do and does nothing" {
  run update --dry-run
  assert_success
  assert_line "would link $LINKS/gcc to ../../bin/distcc"
  assert [ ! -e "$LINKS" ]
  update
  rm "$ROOT/usr/bin/clang-14"
  run update --dry-run
  assert_output "would remove $LINKS/clang-14"
  assert [ -L "$LINKS/clang-14" ]
}

@test "removes its own links of compilers that are gone, and nothing else" {
  update
  rm "$ROOT/usr/bin/gcc-12"
  ln -s /bin/true "$LINKS/mycc"
  ln -s nowhere "$LINKS/dead"
  touch "$LINKS/plain"
  mkdir "$LINKS/folder"
  ln -s ../../bin/distcc "$LINKS/ls"
  run update --verbose
  assert_success
  assert_output "remove $LINKS/gcc-12"
  run names
  assert_output 'aarch64-linux-gnu-gcc-13 cc clang-14 dead folder gcc ls mycc plain x86_64-linux-gnu-gcc x86_64-linux-gnu-gcc-12'
}

@test "leaves a file that has a compiler's name" {
  mkdir -p "$LINKS"
  echo mine >"$LINKS/gcc"
  update
  assert_equal "$(cat "$LINKS/gcc")" mine
}

@test "fills a directory of one's own with links to the distcc beside it" {
  run "$OURS/update-distcc-symlinks" --masquerade-dir "$BATS_TEST_TMPDIR/mine" --compiler-dir "$ROOT/usr/bin"
  assert_success
  assert_equal "$(readlink "$BATS_TEST_TMPDIR/mine/cc")" "$OURS/distcc"
  run "$OURS/update-distcc-symlinks" --masquerade-dir "$BATS_TEST_TMPDIR/other" --distcc /opt/distcc
  assert_equal "$(readlink "$BATS_TEST_TMPDIR/other/gcc")" /opt/distcc
}

@test "--without keeps a name out, whatever is installed or updated later, and --with undoes that" {
  update
  run update --without gcc --without gcc-13 --verbose
  assert_success
  assert_output "change $ROOT/etc/distcc/masquerade.without
remove $LINKS/gcc"
  # As a package's trigger does when a compiler has come.
  installed gcc-13 gcc
  run update --verbose
  assert_output ''
  # What somebody else puts there stays, but not another link to distcc.
  ln -s /bin/true "$LINKS/gcc-13"
  ln -s ../../bin/distcc "$LINKS/gcc"
  update
  run names
  assert_output 'aarch64-linux-gnu-gcc-13 cc clang-14 gcc-12 gcc-13 x86_64-linux-gnu-gcc x86_64-linux-gnu-gcc-12'
  run update --with gcc --dry-run
  assert_output "would change $ROOT/etc/distcc/masquerade.without
would link $LINKS/gcc to ../../bin/distcc"
  run update --with gcc --verbose
  assert_output "change $ROOT/etc/distcc/masquerade.without
link $LINKS/gcc to ../../bin/distcc"
  run cat "$ROOT/etc/distcc/masquerade.without"
  assert_output "# Names that get no link from update-distcc-symlinks, one a line. Its --without adds one, --with takes one away.
gcc-13"
}

@test "a list of names that an administrator wrote is followed, and keeps the rest of its lines" {
  mkdir -p "$ROOT/etc/distcc"
  printf '# no clang here\n  clang-14 # old\n\ncc\n' >"$ROOT/etc/distcc/masquerade.without"
  update --without gcc --with cc
  run names
  assert_output 'aarch64-linux-gnu-gcc-13 cc gcc-12 x86_64-linux-gnu-gcc x86_64-linux-gnu-gcc-12'
  run cat "$ROOT/etc/distcc/masquerade.without"
  assert_output "# no clang here
  clang-14 # old

gcc"
}

@test "a list that cannot be read permits nothing more" {
  mkdir -p "$ROOT/etc/distcc/masquerade.without"
  run --separate-stderr update
  assert_failure 107
  assert_equal "$stderr" "update-distcc-symlinks: ERROR: cannot read \"$ROOT/etc/distcc/masquerade.without\", the list of names that get no link: Illegal operation on a directory"
  assert [ ! -e "$LINKS" ]
}

@test "a directory that cannot be changed ends with 107 and one sentence" {
  run --separate-stderr "$OURS/update-distcc-symlinks" --masquerade-dir /proc/nothing
  assert_failure 107
  assert_equal "$output" ''
  [[ $stderr == 'update-distcc-symlinks: ERROR: cannot change "/proc/nothing/'*'--masquerade-dir' ]]
}

@test "a wrong option ends with 101" {
  run --separate-stderr update --masquerade-dir relative
  assert_failure 101
  assert_equal "$stderr" 'update-distcc-symlinks: ERROR: --masquerade-dir expects an absolute path, not "relative"'
  run --separate-stderr update --without ../gcc
  assert_failure 101
  assert_equal "$stderr" 'update-distcc-symlinks: ERROR: --without expects the name of a compiler, such as clang-14, not "../gcc"'
  run --separate-stderr update --without gcc --with gcc
  assert_failure 101
  assert_equal "$stderr" 'update-distcc-symlinks: ERROR: --without and --with both name "gcc": leave one out'
  run --separate-stderr update --without gcc --masquerade-dir /tmp/mine
  assert_failure 101
  assert_equal "$stderr" 'update-distcc-symlinks: ERROR: --without and --with are about the usual directory: leave --masquerade-dir out'
}
