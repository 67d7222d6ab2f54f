#!/usr/bin/env bats
# ZEROCONF in the settings: a unit beside the fence announces the sockets, to a real Avahi.

bats_require_minimum_version 1.5.0

setup_file() {
  load ../support/booted.bash
  boot_with_package
}
teardown_file() {
  load ../support/booted.bash
  shut_down
}
setup() { load ../support/booted.bash; }

# What the network hears: one line for each server.
heard() { inside 'avahi-browse --parsable --resolve --terminate --no-db-lookup "$1" | grep "^=;[^;]*;IPv4;"' "${1:-_distcc._tcp}"; }

@test "without the setting there is no announcement, not even by hand" {
  inside 'systemctl start distccd-announce.service; ! systemctl --quiet is-active distccd-announce.service'
  inside '[ ! -e /run/systemd/generator/distccd.socket.wants ]'
}

@test "without avahi-utils the journal says what to install, and the server serves" {
  settings 'ZEROCONF="true"' 'ALLOWEDNETS="127.0.0.1 192.0.2.0/24"'
  eventually 'systemctl --quiet is-failed distccd-announce.service'
  run -0 journal distccd-announce.service
  assert_output --partial 'distccd-announce: ERROR: cannot announce this server: there is no avahi-publish-service; install avahi-utils, or take ZEROCONF out of /etc/default/distccd'
  inside 'DISTCC_HOSTS=127.0.0.1 DISTCC_FALLBACK=0 DISTCC_DIR=/root/our-state distcc gcc -c plain.i -o plain.o && cmp plain.o plain.local'
}

@test "the server is announced with its port, its jobs and its compiler" {
  local debs
  debs=$("$DB" fetch "$ROOT" avahi-daemon avahi-utils)
  "$DB" install "$MACHINE" "$debs"/*.deb >&2
  # A network that Avahi can speak to.
  inside 'ip link add inner type veth peer name outer; ip address add 192.0.2.1/24 dev inner; ip link set inner up; ip link set outer up
    systemctl restart avahi-daemon'
  settings 'ALLOWEDNETS="192.0.2.0/24"' 'PORT="3700"' 'JOBS="5"' 'ZEROCONF="true"'
  eventually 'systemctl --quiet is-active distccd-announce.service'
  eventually 'avahi-browse --parsable --terminate _distcc._tcp | grep -q Distributed'
  run -0 heard
  assert_output --partial ';192.0.2.1;3700;'
  assert_output --partial '"jobs=5"'
  assert_output --partial "\"cc_version=$(inside 'gcc -dumpversion')\""
  assert_output --partial '"cc_machine=x86_64-linux-gnu"'
  run -0 heard "_x86-64-linux-gnu--$(inside 'gcc -dumpversion')._sub._distcc._tcp"
  assert_output --partial ';3700;'
  # Another number of jobs needs no restart.
  edit_settings 'ALLOWEDNETS="192.0.2.0/24"' 'PORT="3700"' 'JOBS="7"' 'ZEROCONF="true"'
  inside 'systemctl reload distccd'
  eventually 'avahi-browse --parsable --resolve --terminate --no-db-lookup _distcc._tcp | grep -q jobs=7'
}

@test "who announces is a program of Avahi's in a fence of its own" {
  run -0 inside 'pid=$(main_pid distccd-announce.service); cat /proc/$pid/comm; stat -c %U /proc/$pid'
  assert_output $'avahi-publish-s\ndistccd'
  inside 'systemd-analyze security --offline=true --no-pager --threshold=3 distccd-announce.service >/dev/null'
}

@test "it ends with the sockets, and comes back with them" {
  inside 'systemctl stop distccd.socket'
  eventually '! systemctl --quiet is-active distccd-announce.service'
  eventually '! avahi-browse --parsable --terminate _distcc._tcp | grep -q Distributed'
  inside 'systemctl start distccd.socket'
  eventually 'avahi-browse --parsable --terminate _distcc._tcp | grep -q Distributed'
}

@test "what the settings no longer want is withdrawn" {
  settings 'ALLOWEDNETS="192.0.2.0/24"'
  eventually '! systemctl --quiet is-active distccd-announce.service'
  eventually '! avahi-browse --parsable --terminate _distcc._tcp | grep -q Distributed'
}

@test "the setting of Debian's package distcc counts, and a reboot changes nothing" {
  inside 'rm /etc/default/distccd; printf "%s\n" "STARTDISTCC=\"true\"" "ALLOWEDNETS=\"192.0.2.0/24\"" "LISTENER=\"\"" "JOBS=\"\"" "ZEROCONF=\"true\"" >/etc/default/distcc'
  "$DB" reboot "$MACHINE"
  inside 'ip link show inner || { ip link add inner type veth peer name outer; ip address add 192.0.2.1/24 dev inner; ip link set inner up; ip link set outer up; }'
  eventually 'avahi-browse --parsable --terminate _distcc._tcp | grep -q Distributed'
  run -0 heard
  assert_output --partial ';192.0.2.1;3632;'
}
