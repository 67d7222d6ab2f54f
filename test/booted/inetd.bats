#!/usr/bin/env bats
# distccd started for each connection by the super-servers of Debian, installed as packages, beside our package.

bats_require_minimum_version 1.5.0

setup_file() {
  load ../support/booted.bash
  boot_with_package
  stock_client
  inside 'systemctl disable --now distccd.socket 2>/dev/null'
}
teardown_file() {
  load ../support/booted.bash
  shut_down
}
setup() { load ../support/booted.bash; }

# Each takes the place of the one before it.
serves_with() { # PACKAGE
  local debs
  debs=$("$DB" fetch "$ROOT" "$1")
  "$DB" install "$MACHINE" "$debs"
}
# inetutils brings a syslog daemon of its own, which takes the messages from the journal.
done_jobs() { inside '{ journalctl --no-pager --output=cat --identifier=distccd; cat /var/log/syslog 2>/dev/null || true; } | grep -c COMPILE_OK || true'; }
builds() {
  local before
  before=$(done_jobs)
  inside '
    for _ in $(seq 50); do [ -n "$(ss -Hlnt sport = :3632)" ] && break; sleep 0.1; done
    for n in $(seq 6); do stock gcc -O2 -c hello.c -o hello$n.o & done
    stock g++ -O2 -c twice.cc -o twice.o
    wait
    for n in $(seq 6); do cmp hello$n.o hello.local; done
    cmp twice.o twice.local'
  assert_equal "$(done_jobs)" $((before + 7))
}

examples=/usr/share/doc/distccd/examples

@test "openbsd-inetd serves a build" {
  serves_with openbsd-inetd
  inside 'grep -v "^#" $1/inetd.conf >/etc/inetd.conf; systemctl restart inetd' $examples
  builds
}

@test "inetutils-inetd serves a build" {
  serves_with inetutils-inetd
  inside 'grep -v "^#" $1/inetd.conf >/etc/inetd.conf; systemctl restart inetutils-inetd' $examples
  builds
}

@test "xinetd serves a build" {
  serves_with xinetd
  # It reads the lines of the others too.
  inside 'rm -f /etc/inetd.conf; cp $1/xinetd.conf /etc/xinetd.d/distccd; systemctl restart xinetd' $examples
  builds
}
