#!/usr/bin/env bats
# What Debian 12's lintian reports about the package. Not one file with policy.trixie.bats: its other tests would have
# to skip themselves here, which counts as a failure where all tests must run.

bats_require_minimum_version 1.5.0

setup_file() {
  load ../support/booted.bash
  ROOT=$("$DB" build "$SUITE" "${ROOT_PACKAGES[@]}" man-db lintian)
  export ROOT
  boot
  "$DB" push "$MACHINE" "$DISTCCD_DEB" /root/distccd.deb
}
teardown_file() {
  load ../support/booted.bash
  shut_down
}
setup() { load ../support/booted.bash; }

# It asks for an init.d script for each unit; later versions do not, and would report an override as an error.
@test "lintian reports nothing about what is installed" {
  run -0 inside 'lintian --allow-root --pedantic -I -E --suppress-tags package-supports-alternative-init-but-no-init.d-script /root/distccd.deb'
  assert_output ''
}
