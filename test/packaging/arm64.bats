#!/usr/bin/env bats
# The package for arm64, built here: its C programs do their work, run by an emulator of that processor.

bats_require_minimum_version 1.5.0

setup_file() {
  load ../support/common.bash
  node "$TOP/scripts/package-deb.mjs" --arch arm64 --out "$BATS_FILE_TMPDIR/dist" --quiet
  dpkg-deb -x "$BATS_FILE_TMPDIR"/dist/distccd_*_arm64.deb "$BATS_FILE_TMPDIR/root"
}
setup() {
  load ../support/common.bash
  ROOT=$BATS_FILE_TMPDIR/root HOME_OF_PROGRAMS=$BATS_FILE_TMPDIR/root/usr/libexec/distccd
}

teardown() { end_noted; }

emulated() { qemu-aarch64-static "$@"; }

@test "every program and object in it is for arm64, and says so" {
  run -0 dpkg-deb -f "$BATS_FILE_TMPDIR"/dist/distccd_*_arm64.deb Architecture
  assert_output arm64
  run -0 dpkg-deb -f "$BATS_FILE_TMPDIR"/dist/distccd_*_arm64.deb Depends
  assert_output --regexp 'libc6 \(>= [0-9.]+\)'
  local file found=0
  while IFS= read -r -d '' file; do
    [ "$(head -c 4 "$file" | tr -d '\177')" = ELF ] || continue
    # e_machine of elf(5): EM_AARCH64 is 183.
    assert_equal "$file $(od -An -tu2 -j18 -N2 "$file" | tr -d ' ')" "$file 183"
    found=$((found + 1))
  done < <(find "$ROOT" -type f -print0)
  # Launcher, fence, generator and system calls.
  assert_equal "$found" 4
}

@test "the launcher hands a compile to an agent, and the object is the local one" {
  cd "$BATS_TEST_TMPDIR"
  printf 'int twice(int x) { return 2 * x; }\n' >a.c
  gcc -O2 -c a.c -o local.o
  PORT=$(free_port)
  start_ours "$PORT"
  # In it is the path of Debian's Node; an installation has its programs beside each other, as they are here.
  mkdir programs
  cp -R "$HOME_OF_PROGRAMS/." programs
  # The agent runs on this machine's processor.
  rm programs/system-calls.node
  sed -i "1s|.*|#!$(command -v node)|" programs/distcc-agent
  export DISTCC_DIR=$PWD/state DISTCC_HOSTS=127.0.0.1:$PORT DISTCC_FALLBACK=0
  mkdir state
  emulated programs/distcc gcc -O2 -c a.c -o a.o
  cmp a.o local.o
  wait_until grep -q 'COMPILE_OK' "$BATS_TEST_TMPDIR/ours.$PORT.log"
  run emulated programs/distcc gcc -c gone.c
  assert_failure 1
  emulated programs/distcc --agent-stop
}

@test "the fence becomes the compiler" {
  cd "$BATS_TEST_TMPDIR"
  run -0 emulated "$HOME_OF_PROGRAMS/distccd-fence" - 0 /bin/echo echo "a word"
  assert_output 'a word'
  run -110 emulated "$HOME_OF_PROGRAMS/distccd-fence" - 0 /gone/gcc gcc
  assert_output --partial 'failed to exec gcc: No such file or directory'
}

@test "the generator writes units" {
  mkdir -p "$BATS_TEST_TMPDIR/default" "$BATS_TEST_TMPDIR/out"
  echo 'PORT=3700' >"$BATS_TEST_TMPDIR/default/distccd"
  emulated "$ROOT/usr/lib/systemd/system-generators/distccd-generator" \
    "$BATS_TEST_TMPDIR"/{out,out,out,default}
  grep -qx 'ListenStream=127.0.0.1:3700' "$BATS_TEST_TMPDIR/out/distccd.socket.d/0-settings.conf"
}
