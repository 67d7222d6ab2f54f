#!/usr/bin/env bats
# distccd-generator: what /etc/default says, as drop-ins of the units.

bats_require_minimum_version 1.5.0

setup_file() {
  load ../support/common.bash
  gcc -O2 -Wall -Wextra -Werror -std=gnu11 -fsanitize=address,undefined -o "$BATS_FILE_TMPDIR/generator" \
    "$TOP/packaging/systemd/distccd-generator.c"
}
setup() {
  load ../support/common.bash
  DEFAULTS=$BATS_TEST_TMPDIR/default OUT=$BATS_TEST_TMPDIR/out
  mkdir -p "$DEFAULTS" "$OUT"
}

# Debian's package distcc writes such a file from the answers to its questions.
debian_settings() {
  cat >"$DEFAULTS/distcc" <<'END'
# Defaults for distcc initscript
STARTDISTCC="false"
ALLOWEDNETS="127.0.0.1 192.168.7.0/24"
LISTENER="127.0.0.1"
NICE="10"
JOBS=""
ZEROCONF="false"
END
}
our_settings() { printf '%s\n' "$@" >"$DEFAULTS/distccd"; }

generate() {
  ASAN_OPTIONS=detect_leaks=0 "$BATS_FILE_TMPDIR/generator" "$OUT" "$OUT" "$OUT" "$DEFAULTS" "$BATS_TEST_TMPDIR/applied" "$BATS_TEST_TMPDIR/reloaded"
  SOCKET=$OUT/distccd.socket.d/0-settings.conf
  SERVICE=$OUT/distccd.service.d/0-settings.conf
  ONE_CLIENT=$OUT/distccd@.service.d/0-settings.conf
  OWN_PORT=$OUT/distccd-port@.service.d/0-settings.conf
  ANNOUNCEMENT=$OUT/distccd-announce.service.d/0-settings.conf
}
# The first line removes the unit's own addresses.
listens_on() { assert_equal "$(sed -n 's/^ListenStream=//p' "$SOCKET" | tr '\n' ' ')" " $1 "; }
settings_are() { assert_equal "$(sed -n 's/^Environment="DISTCCD_SETTINGS=\(.*\)"$/\1/p' "$SERVICE")" "$1"; }
checks() { ASAN_OPTIONS=detect_leaks=0 "$BATS_FILE_TMPDIR/generator" --check "$DEFAULTS"; }
# The sockets keep the unit's own address, and what starts them asks first.
refuses() {
  run -1 checks
  assert_line --partial "distccd: ERROR: $1"
  [ ! -e "$SOCKET" ] || assert_equal "$(sed -n 's/^ListenStream=//p' "$SOCKET" | tail -n 1)" 127.0.0.1:3632
}

@test "what was applied counts until distccd-settings applies something else, but not for a service that opens its port itself" {
  mkdir "$BATS_TEST_TMPDIR/applied"
  printf '%s\n' 'PORT=3700' 'JOBS=3' >"$BATS_TEST_TMPDIR/applied/distccd"
  our_settings 'LISTENER=192.0.2.1' 'JOBS=4'
  generate
  listens_on '127.0.0.1:3700 [::1]:3700'
  settings_are '--idle-exit 600 --allow 127.0.0.0/8 --allow ::1 --jobs 3'
  grep -q -e '--jobs 4' "$OWN_PORT"
  grep -qxF 'Environment="DISTCCD_LISTEN= --listen 192.0.2.1"' "$OWN_PORT"
}

@test "what was reloaded since counts too, but for addresses, ports and sockets" {
  mkdir "$BATS_TEST_TMPDIR/applied" "$BATS_TEST_TMPDIR/reloaded"
  printf '%s\n' 'PORT=3700' 'JOBS=3' 'LISTENER=192.0.2.1' 'ALLOWEDNETS=10.0.0.0/8' >"$BATS_TEST_TMPDIR/applied/distccd"
  printf '%s\n' 'PORT=3800' 'JOBS=4' 'ALLOWEDNETS=192.0.2.0/24' 'STATS=true' >"$BATS_TEST_TMPDIR/reloaded/distccd"
  generate
  listens_on '192.0.2.1:3700'
  settings_are '--idle-exit 600 --allow 192.0.2.0/24 --jobs 4'
  [ ! -e "$OUT/distccd.socket.wants" ]
}

@test "STATS has the sockets bring along the one of the counters, which then do not start again at zero" {
  our_settings 'STATS="true"'
  generate
  assert_equal "$(readlink "$OUT/distccd.socket.wants/distccd-stats.socket")" /usr/lib/systemd/system/distccd-stats.socket
  settings_are ' --allow 127.0.0.0/8 --allow ::1'
}

# One line of the file, and the sentence about it.
@test "what has no effect is a warning, with its line and the cure" {
  local none='is not a setting and has no effect' quotes='has no effect: put the whole value in quotes' line sentence
  while IFS='|' read -r line sentence; do
    our_settings '# first' "$line"
    run -0 checks
    assert_output "distccd: Warning: $DEFAULTS/distccd: line 2$sentence"
  done <<END
JOB=8|: JOB $none; JOBS is one
jobs=8|: jobs $none; JOBS is one
export LISTEN=127.0.0.1|: LISTEN $none; LISTENER is one
ALLOWED_NETWORKS="10.0.0.0/8"|: ALLOWED_NETWORKS $none; ALLOWEDNETS is one
OPTIONS="--verbose"|: OPTIONS $none; DISTCCD_OPTIONS is one
TMPDIR=/srv|: TMPDIR $none
ALLOWEDNETS=10.0.0.0/8 192.168.1.0/24|: "192.168.1.0/24" is not part of ALLOWEDNETS and $quotes
PORT= 3700|: "3700" is not part of PORT and $quotes
JOBS=8;NICE=3|: ";NICE=3" is not part of JOBS and $quotes
JOBS = 8| has no effect: write JOBS= without a blank before the "="
systemctl restart distccd| has no effect: "systemctl restart distccd" is not NAME="value"
STARTDISTCC="false"|: STARTDISTCC has no effect here: "systemctl enable --now distccd.socket" switches distccd on, "disable --now" off
END
  for line in 'ZEROCONF="maybe"' 'STATS="maybe"'; do
    our_settings "$line"
    run -0 checks
    assert_output "distccd: Warning: $line in /etc/default means nothing and is taken as \"false\": write \"true\" or \"false\""
  done
}

@test "a file with nothing but settings causes no warning, nor does the one of Debian's package, nor ours as it is installed" {
  debian_settings
  cp "$TOP/packaging/distccd.default" "$DEFAULTS/distccd"
  run -0 checks
  refute_output
  sed -i -e '/^#LISTENER=/d' -e 's/^#\([A-Z_]*="\)/\1/' "$DEFAULTS/distccd"
  run -0 checks
  refute_output
  our_settings '' '   # a comment' '  export PORT=3700 # of ours' 'JOBS=""' 'ZEROCONF="NO"' 'STATS=false'
  run -0 checks
  refute_output
}

@test "no text of the files reaches a terminal as it is" {
  our_settings $'\x1b[2J JOBS' $'PORT=3700 \x1b[2J'
  run -0 checks
  assert_line --partial '"?[2J JOBS" is not'
  assert_line --partial '"?[2J" is not part of PORT'
}

@test "without a file this machine alone is served" {
  generate
  if [ -e /proc/net/if_inet6 ]; then listens_on '127.0.0.1:3632 [::1]:3632'; else listens_on 127.0.0.1:3632; fi
  settings_are '--idle-exit 600 --allow 127.0.0.0/8 --allow ::1'
}

@test "the settings of Debian's distcc are kept, JOBS=\"\" among them" {
  debian_settings
  generate
  listens_on 127.0.0.1:3632
  settings_are '--idle-exit 600 --allow 127.0.0.1 --allow 192.168.7.0/24'
  grep -qx 'Nice=10' "$SERVICE"
}

@test "ours win, one by one" {
  debian_settings
  our_settings 'JOBS=4' "PORT='3700'" 'NICE="0"'
  generate
  listens_on 127.0.0.1:3700
  settings_are '--idle-exit 600 --allow 127.0.0.1 --allow 192.168.7.0/24 --jobs 4'
  grep -qx 'Nice=0' "$SERVICE"
}

@test "each permitted option is one of the daemon's" {
  our_settings 'PERMIT_OPTIONS="-fstack-usage  -fprofile-dir="' 'DISTCCD_OPTIONS="--log-level debug"'
  generate
  settings_are '--idle-exit 600 --allow 127.0.0.0/8 --allow ::1 --permit-option -fstack-usage --permit-option -fprofile-dir= --log-level debug'
}

@test "one line of networks opens every address, whatever the other file's listener is" {
  debian_settings
  our_settings 'ALLOWEDNETS="10.0.0.0/8"'
  generate
  listens_on 3632
  grep -qx 'BindIPv6Only=both' "$SOCKET"
  settings_are '--idle-exit 600 --allow 10.0.0.0/8'
}

@test "listeners beside networks are kept, and no network means this machine" {
  our_settings 'LISTENER="192.0.2.7 2001:db8::1 fe80::1%eth0"' 'ALLOWEDNETS=""'
  generate
  listens_on '192.0.2.7:3632 [2001:db8::1]:3632 [fe80::1%%eth0]:3632'
  settings_are '--idle-exit 600 --allow 127.0.0.0/8 --allow ::1'
  grep -qx 'FreeBind=yes' "$SOCKET"
}

@test "a process for each client gets the settings, and the socket as many of them as there may be jobs" {
  our_settings 'ALLOWEDNETS="10.0.0.0/8"' 'JOBS="3"' 'NICE="20"' 'DISTCCD_OPTIONS="--log-level debug"'
  generate
  grep -qx 'MaxConnections=3' "$SOCKET"
  grep -qxF 'Environment="DISTCCD_SETTINGS= --allow 10.0.0.0/8 --jobs 3 --log-level debug"' "$ONE_CLIENT"
  grep -qx 'Nice=19' "$ONE_CLIENT"
  for jobs in '' 0 many; do
    our_settings "JOBS=\"$jobs\""
    generate
    grep -qx "MaxConnections=$(($(getconf _NPROCESSORS_ONLN) + 2))" "$SOCKET"
  done
}

@test "a comment or another name says nothing, and the last of two lines counts" {
  our_settings 'LISTENER=127.0.0.1' '#PORT=1' 'REPORT=2' 'PORT_=3' '  export PORT=4 # PORT=5' 'PORT=6;PORT=7'
  generate
  listens_on 127.0.0.1:6
}

@test "more options follow, and may name another idle time" {
  our_settings 'DISTCCD_OPTIONS="--idle-exit 5 --log-level debug"'
  generate
  settings_are ' --allow 127.0.0.0/8 --allow ::1 --idle-exit 5 --log-level debug'
}

@test "a malformed listener or port makes the socket refuse, with the reason" {
  # shellcheck disable=SC2016 # text that a shell would run
  our_settings 'LISTENER="$(reboot)"'
  generate
  # shellcheck disable=SC2016
  refuses 'LISTENER in /etc/default names "$(reboot)", which is not an address'
  for port in 0 65536 0x10 '3632 3633' -1 +1 ' 1' 99999999999999999999; do
    our_settings "PORT=\"$port\""
    generate
    refuses "PORT=\"$port\" in /etc/default is not a port"
  done
}

@test "a quote that stays open and a strange character refuse instead of guessing" {
  our_settings 'LISTENER="127.0.0.1' 'ALLOWEDNETS="0.0.0.0/0"'
  generate
  refuses "$DEFAULTS/distccd: the quote after LISTENER= does not end on its line"
  for strange in $'\x1b' $'\xff' $'\xc3\xa4'; do
    our_settings "ALLOWEDNETS=\"10.0.0.0/8$strange\""
    generate
    refuses "$DEFAULTS/distccd: ALLOWEDNETS has a character in it that is not printable ASCII"
  done
}

@test "ZEROCONF has the sockets bring the announcement along, with the port and the number of jobs" {
  debian_settings
  generate
  [ ! -e "$OUT/distccd.socket.wants" ]
  [ ! -e "$ANNOUNCEMENT" ]
  our_settings 'ZEROCONF="true"' 'LISTENER="192.168.1.5"'
  generate
  run -0 checks
  refute_output
  assert_equal "$(readlink "$OUT/distccd.socket.wants/distccd-announce.service")" /usr/lib/systemd/system/distccd-announce.service
  grep -qxF 'Environment="DISTCCD_ANNOUNCED=3632"' "$ANNOUNCEMENT"
  our_settings 'ZEROCONF=YES' 'PORT=3700' 'JOBS=12' 'ALLOWEDNETS="10.0.0.0/8"'
  generate
  grep -qxF 'Environment="DISTCCD_ANNOUNCED=3700 12"' "$ANNOUNCEMENT"
}

@test "what only this machine can reach is not announced, and a warning says so" {
  for listener in '127.0.0.1' '127.0.0.1 ::1'; do
    our_settings 'ZEROCONF="true"' "LISTENER=\"$listener\"" 'ALLOWEDNETS="10.0.0.0/8"'
    generate
    [ ! -e "$ANNOUNCEMENT" ]
    run -0 checks
    assert_output --partial 'distccd: Warning: ZEROCONF in /etc/default is not followed, since only this machine is served'
  done
}

@test "sockets that refuse are not announced" {
  our_settings 'ZEROCONF="true"' 'ALLOWEDNETS="10.0.0.0/8"' 'PORT="70000"'
  generate
  refuses 'PORT="70000" in /etc/default is not a port'
  [ ! -e "$OUT/distccd.socket.wants" ]
}

@test "a file that cannot be read refuses" {
  ln -s loop "$DEFAULTS/loop"
  ln -s loop "$DEFAULTS/distccd"
  generate
  refuses "cannot read $DEFAULTS/distccd: "
}

@test "no value ends its line, its quotes or its section" {
  our_settings 'DISTCCD_OPTIONS="\"\nExecStart=/x\\ %h"' 'NICE="\"lots\""' "JOBS='\"; [Service]'"
  generate
  run -0 grep -c '' "$SERVICE"
  assert_output 4
  grep -qxF 'Environment="DISTCCD_SETTINGS=--idle-exit 600 --allow 127.0.0.0/8 --allow ::1 --jobs \"; [Service] --nice \"lots\" \"\\nExecStart=/x\\ %%h"' "$SERVICE"
}

@test "a service on a port of its own may talk to its clients' networks, and never ends for want of work" {
  our_settings 'ALLOWEDNETS="203.0.113.0/24 2001:db8::/32 @/etc/distcc/clients.allow 1.2.3.4/5/6"' 'LISTENER="0.0.0.0"'
  generate
  assert_equal "$(grep '^IPAddressAllow=' "$OWN_PORT")" $'IPAddressAllow=203.0.113.0/24\nIPAddressAllow=2001:db8::/32'
  grep -qxF 'Environment="DISTCCD_LISTEN= --listen 0.0.0.0"' "$OWN_PORT"
  run -1 grep -e --idle-exit "$OWN_PORT"
}

@test "whatever the bytes, it ends with 0 and writes whole units" {
  command -v python3 >/dev/null || skip 'python3 makes the bytes: apt-get install python3'
  local seed=${SEED:-$RANDOM} round
  echo "SEED=$seed"
  for ((round = 0; round < 60; round++)); do
    python3 - "$seed" "$round" >"$DEFAULTS/distccd" <<'END'
import random, sys
random.seed(sys.argv[1] + ' ' + sys.argv[2])
names = [b'ALLOWEDNETS', b'LISTENER', b'PORT', b'JOBS', b'NICE', b'ZEROCONF', b'PERMIT_OPTIONS', b'DISTCCD_OPTIONS']
pieces = [b'"', b"'", b'\\', b'%', b'$', b'`', b'\n', b'\0', b'=', b' ', b'\t', b'127.0.0.1', b'::1', b'/8', b'[Service]',
          b'ExecStart=', b'#', b'9', b'\xff', b'a' * 3000]
for _ in range(12):
    sys.stdout.buffer.write(random.choice(names) + b'=' + b''.join(random.choices(pieces, k=random.randrange(9))) + b'\n')
END
    generate
    mkdir -p "$OUT/distccd-announce.service.d"
    touch "$OUT/distccd-announce.service.d/none"
    run -1 env LC_ALL=C grep -vhE '^(#.*|\[(Socket|Service)\]|ListenStream=.*|FreeBind=yes|BindIPv6Only=both|MaxConnections=[0-9]+|Nice=[0-9]+|Environment="DISTCCD_(LISTEN|SETTINGS)=.*"|Environment="DISTCCD_ANNOUNCED=[0-9]+( [0-9]+)?"|IPAddressAllow=[0-9a-f.:/]+|OpenFile=/run/systemd/journal/socket:journal:graceful|BindReadOnlyPaths=-/run/systemd/journal/socket:/run/journal|)$' \
      "$SOCKET" "$SERVICE" "$ONE_CLIENT" "$OWN_PORT" "$OUT"/distccd-announce.service.d/*
  done
}
