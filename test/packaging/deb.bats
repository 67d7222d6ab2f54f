#!/usr/bin/env bats
# The source package of this checkout, and what Debian's tools say of the package that is built from it: twice, as two
# people would.

bats_require_minimum_version 1.5.0

# build NAME FOLDER [VARIABLE=VALUE...]: a package of the source package, in a folder below the test's own.
build() {
  local name=$1 folder=$BATS_FILE_TMPDIR/$2
  shift 2
  mkdir -p "$folder"
  dpkg-source --no-check -x "$BATS_FILE_TMPDIR"/source/*.dsc "$folder/tree" >/dev/null
  (cd "$folder/tree" && env "$@" dpkg-buildpackage -us -uc -b --no-check-builddeps) >"$BATS_FILE_TMPDIR/$name.build" 2>&1 || {
    cat "$BATS_FILE_TMPDIR/$name.build"
    return 1
  }
  mkdir "$BATS_FILE_TMPDIR/$name"
  mv "$folder"/*.deb "$folder"/*.changes "$folder"/*.buildinfo "$BATS_FILE_TMPDIR/$name"
}

one() (
  umask 022
  build one here TZ=UTC LC_ALL=C.UTF-8 DEB_BUILD_OPTIONS='nocheck parallel=2'
)

# Everything personal differs: the folder, the umask, the time zone, the language, the home, and on
# Debian 12 Node.
another() (
  umask 027
  local node
  # A line for each variable; none where there is no other Node.
  mapfile -t node < <(node "$TOP/scripts/node18.mjs" environment)
  localedef -i tr_TR -f UTF-8 "$BATS_FILE_TMPDIR/tr_TR.UTF-8"
  build another somewhere/else "${node[@]}" LOCPATH="$BATS_FILE_TMPDIR" LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8 TZ=Pacific/Kiritimati \
    HOME=/nonexistent USER=somebody DEB_BUILD_OPTIONS='nocheck parallel=1'
)

setup_file() {
  load ../support/common.bash
  node "$TOP/scripts/package-source.mjs" --out "$BATS_FILE_TMPDIR/source" >/dev/null
  one &
  local other=$!
  another
  wait "$other"
  dpkg-deb -x "$BATS_FILE_TMPDIR"/one/*.deb "$BATS_FILE_TMPDIR/root"
}
setup() {
  load ../support/common.bash
  cd "$BATS_FILE_TMPDIR" || return 1
  HOME_OF_PROGRAMS=$BATS_FILE_TMPDIR/root/usr/libexec/distccd
  STATIC=("$HOME_OF_PROGRAMS"/distcc{,d-fence} root/usr/lib/systemd/system-generators/distccd-generator)
}

# differences DEB DEB: what differs between them, most telling first.
differences() {
  local which
  for which in 1 2; do
    mkdir -p "$BATS_TEST_TMPDIR/$which"
    dpkg-deb -R "${!which}" "$BATS_TEST_TMPDIR/$which/tree"
    dpkg-deb -c "${!which}" >"$BATS_TEST_TMPDIR/$which/list"
  done
  cd "$BATS_TEST_TMPDIR" || return 1
  diff -u 1/list 2/list
  diff -ru --no-dereference 1/tree 2/tree | cut -c1-300
}

@test "two people who build it get the same package, bit for bit" {
  cmp one/*.deb another/*.deb || {
    differences one/*.deb another/*.deb | head -n 80
    return 1
  }
}

@test "what differs between two packages is shown" {
  cp one/*.deb "$BATS_TEST_TMPDIR/same.deb"
  mkdir "$BATS_TEST_TMPDIR/changed"
  dpkg-deb -R one/*.deb "$BATS_TEST_TMPDIR/changed/tree"
  echo '# other' >>"$BATS_TEST_TMPDIR/changed/tree/usr/libexec/distccd/distccd-settings"
  dpkg-deb --root-owner-group -Znone -b "$BATS_TEST_TMPDIR/changed/tree" "$BATS_TEST_TMPDIR/other.deb" >/dev/null
  run differences "$BATS_TEST_TMPDIR"/{same,other}.deb
  assert_line '+# other'
}

@test "the build log has each command, with every flag that hardens" {
  # Static programs are linked with -static-pie where others have -pie.
  run -0 blhc --all --ignore-flag -pie one.build
  refute_output
  # Launcher, fence, system calls, generator.
  assert_equal "$(grep -c 'gcc .*-fstack-protector-strong' one.build)" 4
  run -1 grep -E -e '-Werror( |$)' one.build
}

@test "the static programs are at an address of their own, and need nothing of the system they run on" {
  local file
  for file in "${STATIC[@]}"; do
    run -0 readelf --wide --file-header --program-headers --dynamic "$file"
    assert_line --regexp 'Type: +DYN'
    assert_line --regexp 'FLAGS_1.* PIE'
    assert_line --regexp 'GNU_RELRO'
    assert_line --regexp 'GNU_STACK .* RW '
    refute_line --regexp 'INTERP|NEEDED'
    # It knows libraries and programs, and takes these for libraries; the flags in the log are the proof of the others.
    run -0 hardening-check --quiet --nopie --nostackprotector --nofortify --nocfprotection "$file"
  done
}

@test "the object with the system calls is hardened, and runs with the C library of Debian 12" {
  run -0 hardening-check --quiet --nopie --nocfprotection "$HOME_OF_PROGRAMS/system-calls.node"
  run -0 objdump -T "$HOME_OF_PROGRAMS/system-calls.node"
  local version
  while read -r version; do dpkg --compare-versions "$version" le 2.36; done < <(grep -o 'GLIBC_[0-9.]*' <<<"$output" | cut -d_ -f2)
  run -0 dpkg-deb -f one/*.deb Depends
  version=$(sed -n 's/.*\blibc6 (>= \([0-9.]*\)).*/\1/p' <<<"$output")
  dpkg --compare-versions "$version" le 2.36
  # All else in the package is static or is not a program of a processor.
  run -0 bash -c 'find root -type f -exec file --brief {} + | grep -c "ELF.*dynamically linked"'
}

# What it says of the package is asked for where it is installed, in test/booted.
@test "lintian reports nothing about the source package" {
  run lintian --allow-root --pedantic -I -E source/*.dsc
  # Debian 12's does not know 13's policy.
  output=$(grep -vE -e ': newer-standards-version 4\.7\.' -e '^N:' <<<"$output" || true)
  refute_output
}

@test "each npm package in the source package has its paragraph in debian/copyright" {
  local name copyright=here/tree/debian/copyright
  for name in here/tree/vendor/*/; do
    name=$(basename "$name")
    grep -qE "^Files:.* vendor/$name/\*( |$)" "$copyright" || fail "vendor/$name is not in debian/copyright"
  done
}

@test "a built tree can be cleaned and made a source package of again" {
  cd here/tree
  run -0 debian/rules clean
  run -0 dpkg-source --build .
  refute_output --partial 'local changes'
}
