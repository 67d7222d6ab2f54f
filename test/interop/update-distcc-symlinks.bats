#!/usr/bin/env bats
# Debian's own update-distcc-symlinks and ours in front of the same system make the same links. Both run in a mount
# namespace of their own, where /usr/bin and /usr/lib are layers that are thrown away.

bats_require_minimum_version 1.5.0

setup() {
  load ../support/common.bash
}

# in_scratch PROGRAM: the links that PROGRAM makes, and those that stay after a compiler has gone.
in_scratch() {
  unshare --mount bash -euc '
    mount --make-rprivate /
    mount -t tmpfs scratch /mnt
    for dir in bin lib; do
      mkdir -p /mnt/$dir/upper /mnt/$dir/work
      mount -t overlay -o "lowerdir=/usr/$dir,upperdir=/mnt/$dir/upper,workdir=/mnt/$dir/work" scratch /usr/$dir
    done
    rm -rf /usr/lib/distcc && mkdir /usr/lib/distcc
    mkdir -p /usr/lib/gcc-cross/aarch64-linux-gnu/12 /usr/lib/gcc/x86_64-linux-gnu/11 /usr/lib/gcc/arm-none-eabi/12.2.1
    for name in clang-15 clang++-15 clang-15.1 clang-cpp-15 clang-tidy clang-14-foo llvm-clang llvm-clang++-15 xclang nvcc \
      aarch64-linux-gnu-g++ aarch64-linux-gnu-gcc-12 gcc-11 x86_64-linux-gnu-gcc-11 arm-none-eabi-gcc musl-gcc icc tcc \
      gcc-12.2 gcc-4.9 c89-g++ x86_64-linux-gnu-clang; do
      cp /bin/true /usr/bin/$name
    done
    cp /bin/true /usr/bin/clang-13
    chmod 644 /usr/bin/clang-13
    "$0"
    cd /usr/lib/distcc
    ls -l | cut -d" " -f9-
    ln -s ../../bin/distcc gone
    ln -s ../../bin/distcc icc
    echo mine >plain
    rm /usr/bin/gcc-11
    "$0"
    echo
    ls -l | sed "s/.*:.. //"
  ' "$1"
}

@test "the links are those of Debian's update-distcc-symlinks" {
  [ "$(id -u)" = 0 ] || skip 'a mount namespace needs root'
  in_scratch /usr/sbin/update-distcc-symlinks >"$BATS_TEST_TMPDIR/theirs"
  in_scratch "$OURS/update-distcc-symlinks" >"$BATS_TEST_TMPDIR/ours"
  grep -q 'gcc-11' "$BATS_TEST_TMPDIR/theirs"
  run diff "$BATS_TEST_TMPDIR/theirs" "$BATS_TEST_TMPDIR/ours"
  assert_output ''
}
