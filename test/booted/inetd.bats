#!/usr/bin/env bats
# distccd started for each connection by the super-servers of Debian, installed as packages, beside our package.

bats_require_minimum_version 1.5.0

setup_file() {
  load ../support/booted.bash
  build_root
}
setup() {
  load ../support/booted.bash
  boot
}
teardown() { shut_down; }

serves_with() { # PACKAGE
  local debs
  debs=$("$DB" fetch "$ROOT" "$1")
  "$DB" install "$MACHINE" "$debs"
  "$DB" install "$MACHINE" "$DISTCCD_DEB"
  sources
  stock_client
  inside 'systemctl disable --now distccd.socket 2>/dev/null'
}
builds() {
  inside '
    for _ in $(seq 50); do [ -n "$(ss -Hlnt sport = :3632)" ] && break; sleep 0.1; done
    for n in $(seq 6); do stock gcc -O2 -c hello.c -o hello$n.o & done
    stock g++ -O2 -c twice.cc -o twice.o
    wait
    for n in $(seq 6); do cmp hello$n.o hello.local; done
    cmp twice.o twice.local'
  # inetutils brings a syslog daemon of its own, which takes the messages from the journal.
  run -0 inside '{ journalctl --no-pager --output=cat --identifier=distccd; cat /var/log/syslog 2>/dev/null || true; } | grep -c COMPILE_OK'
  assert_output 7
}

classic_line='127.0.0.1:3632 stream tcp nowait.1000 distccd /usr/bin/distccd distccd --inetd --allow 127.0.0.1 --log-level info'

@test "openbsd-inetd serves a build" {
  serves_with openbsd-inetd
  inside 'echo "$1" >>/etc/inetd.conf; systemctl restart inetd' "$classic_line"
  builds
}

@test "inetutils-inetd serves a build" {
  serves_with inetutils-inetd
  inside 'echo "$1" >>/etc/inetd.conf; systemctl restart inetutils-inetd' "$classic_line"
  builds
}

@test "xinetd serves a build" {
  serves_with xinetd
  inside '
    printf "%s\n" "service distccd" "{" "type = UNLISTED" "socket_type = stream" "protocol = tcp" "wait = no" "user = distccd" "bind = 127.0.0.1" \
      "port = 3632" "server = /usr/bin/distccd" "server_args = --inetd --allow 127.0.0.1 --log-level info" "cps = 1000 1" "}" >/etc/xinetd.d/distccd
    systemctl restart xinetd'
  builds
}
