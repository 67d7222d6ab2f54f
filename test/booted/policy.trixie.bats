#!/usr/bin/env bats
# What the tools of Debian 13 report about the package.

bats_require_minimum_version 1.5.0

setup_file() {
  load ../support/booted.bash
  ROOT=$("$DB" build "$SUITE" "${ROOT_PACKAGES[@]}" man-db lintian autopkgtest dpkg-dev fakeroot bzip2 xz-utils patch piuparts)
  export ROOT
  # What piuparts installs into copies of.
  BASE=$("$DB" build "$SUITE" nodejs)
  boot --host-net --bind "$BASE:/srv"
  "$DB" push "$MACHINE" "$(dirname "$DISTCCD_DEB")" /root/dist
}
teardown_file() {
  load ../support/booted.bash
  shut_down
}
setup() { load ../support/booted.bash; }

@test "lintian reports nothing" {
  run -0 inside 'lintian --allow-root --pedantic -I -E /root/dist/distccd_*.changes'
  assert_output ''
}

@test "every file of the package can be read, and none is writable for others" {
  run -0 inside 'dpkg-deb -c /root/dist/distccd_*.deb | grep -vE "^(d|-)rwxr-xr-x root/root|^-rw-r--r-- root/root|^lrwxrwxrwx root/root" || true'
  assert_output ''
}

@test "piuparts: it installs, is removed and purged without a trace" {
  run -0 inside 'piuparts -e /srv -d trixie --no-eatmydata --keep-sources-list /root/dist/distccd_*.deb'
  assert_output --partial 'PASS: All tests.'
}

@test "autopkgtest: the installed package compiles, for clients of its own and of distcc's" {
  local debs
  debs=$("$DB" fetch "$ROOT" distcc)
  "$DB" push "$MACHINE" "$(echo "$debs"/distcc_*.deb)" /root/stock.deb
  run -0 inside 'autopkgtest --ignore-restrictions=isolation-container --env=STOCK_DISTCC_DEB=/root/stock.deb /root/dist/distccd_*.deb /root/dist/distccd_*.dsc -- null'
  assert_output --regexp 'compile +PASS'
  assert_output --regexp 'stock-client +PASS'
}
