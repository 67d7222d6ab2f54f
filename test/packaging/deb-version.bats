#!/usr/bin/env bats
# The version of a Debian package that is built from a checkout.

bats_require_minimum_version 1.5.0

setup() {
  load ../support/common.bash
  CHECKOUT=$BATS_TEST_TMPDIR/checkout
  git init -q "$CHECKOUT"
  cd "$CHECKOUT" || return 1
  git config user.name somebody
  git config user.email somebody@example.org
}
commit() { # TIME
  echo "$1" >file
  git add file
  GIT_COMMITTER_DATE="@$1 +0000" git commit -qm "at $1"
}
version() {
  node --input-type=module -e \
    "import { debianVersion } from '$TOP/scripts/deb-version.mjs'; console.log(debianVersion('$CHECKOUT', '0.1.0', new Date(${1:-2000000000} * 1000)).version)"
}
newer() { dpkg --compare-versions "$1" gt "$2"; }

@test "each later build is newer than the one before, and the next release than all of them" {
  command -v dpkg >/dev/null || skip 'needs dpkg'
  local first second third changed
  commit 1800000000
  first=$(version)
  commit 1800000001
  second=$(version)
  newer "$second" "$first"
  # What is not committed is newer too, and newer each time.
  echo more >file
  changed=$(version)
  newer "$changed" "$second"
  newer "$(version 2000000001)" "$changed"
  commit 2000000002
  third=$(version)
  newer "$third" "$changed"
  newer "$third" 0.1.0
  newer 0.1.1 "$third"
  [[ $third =~ ^0\.1\.0\+git20330518\.033322\.[0-9a-f]{8}$ ]]
}

@test "a commit with the tag of the version is the release" {
  commit 1800000000
  git tag v0.1.0
  assert_equal "$(version)" 0.1.0
  echo more >file
  [[ $(version) == 0.1.0+git* ]]
}
