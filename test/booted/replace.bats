#!/usr/bin/env bats
# Our package takes the place of Debian's distcc, and gives it back.

bats_require_minimum_version 1.5.0

setup_file() {
  load ../support/booted.bash
  build_root
  DEBS=$("$DB" fetch "$ROOT" distcc)
  export DEBS
}
setup() {
  load ../support/booted.bash
  boot
  "$DB" install "$MACHINE" "$DEBS"
}
teardown() { shut_down; }

# What an administrator of Debian's package may have done: other networks, a port for everybody, no limit of jobs,
# changed conffiles.
used() {
  inside '
    sed -i -e "s/^STARTDISTCC=.*/STARTDISTCC=\"$1\"/" -e "s/^ALLOWEDNETS=.*/ALLOWEDNETS=\"127.0.0.1 192.168.7.0\/24\"/" \
      -e "s/^JOBS=.*/JOBS=\"\"/" -e "s/^NICE=.*/NICE=\"7\"/" /etc/default/distcc
    echo 192.0.2.9 >>/etc/distcc/hosts
    echo 192.168.7.0/24 >>/etc/distcc/clients.allow
    echo "# ours" >>/etc/distcc/commands.allow.sh
    sha256sum /etc/default/distcc /etc/distcc/* >/root/kept
    systemctl restart distcc' "$1"
}
compiles() {
  inside '
    echo "int x = 1;" >plain.c; gcc -c plain.c -o plain.local
    rm -rf plain.o /root/state; mkdir /root/state
    DISTCC_DIR=/root/state DISTCC_HOSTS=127.0.0.1 DISTCC_FALLBACK=0 distcc gcc -c plain.c -o plain.o
    cmp plain.o plain.local'
}

@test "installed over a running distcc it serves in its place, with its settings, also after a reboot, and gives everything back" {
  used true
  # On Debian 13 an empty JOBS keeps distcc's own service from starting.
  run -0 "$DB" install "$MACHINE" "$DISTCCD_DEB"
  assert_output --partial 'distccd does not read /etc/distcc/commands.allow.sh'
  inside 'sha256sum --quiet -c /root/kept'
  compiles
  run -0 inside 'tr "\0" " " </proc/$(main_pid)/cmdline; echo; ps -o ni= -p $(main_pid); ss -Hlnt "sport = :3632" | tr -s " " | cut -d " " -f 4'
  assert_output --partial -- '--allow 127.0.0.1 --allow 192.168.7.0/24'
  refute_output --partial -- '--jobs'
  assert_line --regexp '^ *7$'
  assert_line 127.0.0.1:3632
  run -0 "$DB" reboot "$MACHINE"
  refute_output --partial 'failed'
  compiles
  run -0 inside 'systemctl is-system-running; ps -C distccd -o user= | sort -u; systemctl show -P Id distcc.service'
  assert_line running
  assert_line distccd.service
  # Back again.
  "$DB" install "$MACHINE" "$DEBS"
  # That package writes /etc/default/distcc anew itself, from what it read there.
  inside '
    grep -v /etc/default/ /root/kept | sha256sum --quiet -c -
    grep -qx "ALLOWEDNETS=\"127.0.0.1 192.168.7.0/24\"" /etc/default/distcc
    dpkg-query -W -f "\${Status}" distcc | grep -q "install ok installed"
    [ -L /usr/lib/distcc/gcc ] && [ "$(readlink -f /usr/bin/distccd)" = /usr/bin/distccd ]
    sed -i "s/^JOBS=.*/JOBS=\"4\"/" /etc/default/distcc
    systemctl restart distcc
    for _ in $(seq 50); do [ -n "$(ss -Hlnt sport = :3632)" ] && break; sleep 0.1; done'
  compiles
  # What is left of ours goes without touching what is theirs.
  inside '
    apt-get -qq -y purge distccd >/dev/null 2>&1
    [ ! -e /etc/default/distccd ] && [ -e /etc/default/distcc ] && [ -e /etc/distcc/hosts ] && [ -L /usr/lib/distcc/gcc ]
    if find /etc /usr /run -xdev -name "distccd*" | grep -vE "^/(usr/bin/distccd|usr/share/man/.*|run/distccd.pid)$"; then exit 1; fi'
  compiles
}

@test "where distcc was switched off ours is, until somebody switches it on" {
  used false
  inside 'systemctl stop distcc; systemctl disable distcc 2>/dev/null'
  run -0 "$DB" install "$MACHINE" "$DISTCCD_DEB"
  assert_output --partial 'distccd is not started, as distcc was not: systemctl enable --now distccd.socket; its settings are now in /etc/default/distccd'
  run inside 'systemctl is-enabled distccd.socket; systemctl is-active distccd.socket; ss -Hlnt "sport = :3632"; true'
  assert_output --partial $'disabled\n'
  refute_output --partial 3632
  run -0 "$DB" reboot "$MACHINE"
  run -0 inside 'ss -Hlnt "sport = :3632"'
  assert_output ''
  inside 'systemctl enable --now distccd.socket 2>/dev/null'
  compiles
}

@test "off stays off and on stays on, in every order, whoever was switched by hand" {
  replaced_by() { # ours|theirs: installs it, and what was said is $output
    if [ "$1" = ours ]; then run -0 "$DB" install "$MACHINE" "$DISTCCD_DEB"; else run -0 "$DB" install "$MACHINE" "$DEBS"; fi
  }
  listening() { inside 'for _ in $(seq 50); do [ -n "$(ss -Hlnt sport = :3632)" ] && exit; sleep 0.1; done; exit 1'; }
  silent() { inside '[ -z "$(ss -Hlnt sport = :3632)" ]'; }
  used true
  inside 'sed -i "s/^JOBS=.*/JOBS=\"4\"/" /etc/default/distcc; systemctl restart distcc'
  # On, ours.
  replaced_by ours
  assert_line 'distccd serves in the place of distcc, which was on, with its settings, which are now in /etc/default/distccd'
  listening
  # On, theirs, and off by hand; ours, whose configuration was kept, follows.
  replaced_by theirs
  listening
  inside 'systemctl stop distcc; systemctl disable distcc 2>/dev/null'
  replaced_by ours
  assert_line --partial 'distccd is not started, as distcc was not: systemctl enable --now distccd.socket'
  silent
  # Removed and installed again it stays as it was.
  inside 'apt-get -qq -y remove distccd >/dev/null 2>&1'
  replaced_by ours
  assert_line 'distccd stays off, as it was: systemctl enable --now distccd.socket'
  silent
  replaced_by theirs
  silent
  # Theirs on by hand, ours follows, which is then off by hand, and theirs follows.
  inside 'systemctl enable distcc 2>/dev/null; systemctl start distcc'
  listening
  replaced_by ours
  listening
  inside 'systemctl disable --now distccd.socket distccd 2>/dev/null'
  replaced_by theirs
  silent
  # Ours off, on by hand, theirs follows.
  replaced_by ours
  silent
  inside 'systemctl enable --now distccd.socket 2>/dev/null'
  replaced_by theirs
  listening
}

@test "purging distcc's rest afterwards removes nothing of ours, and no setting" {
  used true
  "$DB" install "$MACHINE" "$DISTCCD_DEB"
  inside '
    apt-get -qq -y purge distcc >/dev/null 2>&1
    [ ! -e /etc/default/distcc ] && [ ! -e /etc/distcc/hosts ]
    [ -L /usr/lib/distcc/gcc ]
    systemctl restart distccd'
  compiles
  # Its settings are ours now.
  run -0 inside 'tr "\0" " " </proc/$(main_pid)/cmdline; echo; ps -o ni= -p $(main_pid); ss -Hlnt "sport = :3632" | tr -s " " | cut -d " " -f 4'
  assert_output --partial -- '--allow 127.0.0.1 --allow 192.168.7.0/24'
  assert_line --regexp '^ *7$'
  assert_line 127.0.0.1:3632
  run -0 "$DB" reboot "$MACHINE"
  compiles
}
