#!/usr/bin/env bats
# What Debian 12's lintian says of the package.

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

# It wants an init.d script for each unit, which later ones do not; an override of what they do not know would be an error to them.
@test "lintian has nothing to say of what is installed" {
  run -0 inside 'lintian --allow-root --pedantic -I -E --suppress-tags package-supports-alternative-init-but-no-init.d-script /root/distccd.deb'
  assert_output ''
}
