#!/usr/bin/env bats
# The installed package on a booted Debian, from the first installation to the last trace. Each test starts where the
# one before it ended.

bats_require_minimum_version 1.5.0

setup_file() {
  load ../support/booted.bash
  build_root
  boot
}
teardown_file() {
  load ../support/booted.bash
  shut_down
}
setup() { load ../support/booted.bash; }

@test "a fresh installation listens on this machine alone and starts no process" {
  run -0 "$DB" install "$MACHINE" "$DISTCCD_DEB"
  assert_output --partial 'the line ALLOWEDNETS in /etc/default/distccd opens it to a network'
  sources
  stock_client
  run -0 inside 'ss -Hlnt "sport = :3632" | tr -s " " | cut -d " " -f 4 | sort'
  assert_output $'127.0.0.1:3632\n[::1]:3632'
  run -0 inside 'systemctl is-enabled distccd.socket; systemctl show -P ActiveState distccd.service; systemctl is-system-running'
  assert_output $'enabled\ninactive\nrunning'
}

@test "a client of 3.4 compiles C and C++ through it, and the objects are the local ones" {
  inside '
    for DISTCC_HOSTS in 127.0.0.1 127.0.0.1,lzo; do
      export DISTCC_HOSTS
      stock gcc -O2 -c hello.c -o hello.o; cmp hello.o hello.local
      stock g++ -O2 -c twice.cc -o twice.o; cmp twice.o twice.local
    done'
  run -0 journal
  assert_equal "$(grep -c COMPILE_OK <<<"$output")" 4
}

@test "our client compiles through it, by its name and by the masquerade directory" {
  inside '
    export DISTCC_DIR=/root/our-state DISTCC_HOSTS="127.0.0.1" DISTCC_FALLBACK=0
    distcc gcc -O2 -c hello.c -o hello.o; cmp hello.o hello.local
    PATH=/usr/lib/distcc:$PATH g++ -O2 -c twice.cc -o twice.o; cmp twice.o twice.local
    distcc --agent-stop >/dev/null'
  run -0 journal
  assert_equal "$(grep -c COMPILE_OK <<<"$output")" 6
}

@test "the journal has what is known of a job as fields" {
  # Outside the fence any systemd will do.
  inside '
    systemd-run --quiet --unit=plain -p User=distccd /usr/bin/distccd --daemon --no-detach --port 3801 --listen 127.0.0.1 --allow 127.0.0.1
    for _ in $(seq 100); do ss -Hlnt "sport = :3801" | grep -q . && break; sleep 0.1; done
    DISTCC_HOSTS=127.0.0.1:3801 stock gcc -O2 -c hello.c -o hello.o
    systemctl stop plain'
  run -0 inside 'journalctl --no-pager --output=verbose --unit=plain DISTCC_RESULT=COMPILE_OK DISTCC_CLIENT=127.0.0.1'
  assert_line --partial 'DISTCC_COMPILER=x86_64-linux-gnu-gcc'
  assert_line --partial 'DISTCC_SOURCE=hello.c'
  assert_line --partial 'DISTCC_EXIT=0'
  assert_line --partial 'SYSLOG_IDENTIFIER=distccd'
  assert_line --partial 'PRIORITY=5'
  # The fence hides the journal; systemd 253 and newer hand it over, and older ones show its socket.
  run -0 inside 'journalctl --no-pager --output=cat --unit=distccd.service DISTCC_RESULT=COMPILE_OK DISTCC_CLIENT=127.0.0.1'
  assert_equal "$(grep -c COMPILE_OK <<<"$output")" 6
  # Its priority every line has.
  run -0 inside 'journalctl --no-pager --output=cat --unit=distccd.service --priority=5..5'
  assert_equal "$(grep -c COMPILE_OK <<<"$output")" 6
  # A refusal says why under the client's name, as its other lines do.
  run ! inside 'stock not-a-compiler -c plain.i -o no.o'
  run -0 inside 'journalctl --no-pager --output=cat --unit=distccd.service --priority=4..4 DISTCC_CLIENT=127.0.0.1'
  assert_line --regexp '^Warning: refused a job of 127\.0\.0\.1:[0-9]+: .*not-a-compiler'
}

@test "a client that only checks whether the port is open leaves nothing in the journal" {
  local before
  before=$(journal | wc -l)
  # A job that comes after them has its line, and no line is before it.
  inside '
    for address in 127.0.0.1 ::1; do (exec 3<>/dev/tcp/$address/3632); done
    stock gcc -c plain.i -o after.o'
  run -0 journal
  assert_equal "${#lines[@]}" $((before + 1))
  assert_line --index $((before)) --partial COMPILE_OK
}

@test "a daemon that root starts by hand removes its pid file, however it ends" {
  inside '
    for signal in TERM KILL; do
      distccd --daemon --user distccd --port 3802 --listen 127.0.0.1 --allow 127.0.0.1 --log-file /tmp/by-hand.log --pid-file /run/by-hand.pid
      pid=$(cat /run/by-hand.pid); [ "$(stat -c %U /proc/$pid)" = distccd ]
      kill -$signal $pid
      for _ in $(seq 100); do [ -e /run/by-hand.pid ] || break; sleep 0.1; done
      [ ! -e /run/by-hand.pid ]
      rm -f /tmp/by-hand.log
    done'
}

@test "it serves as distccd, in its group, without a capability, in a root and a network of its own" {
  run -0 inside '
    pid=$(main_pid)
    ps -o user=,group=,supgrp= -p $pid | tr -s " "
    grep -E "^(CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):" /proc/$pid/status | tr -s "\t" " "
    grep "^Max file size" /proc/$pid/limits | tr -s " "
    echo "etc:" $(ls /proc/$pid/root/etc)
    if [ "$(readlink /proc/$pid/ns/net)" != "$(readlink /proc/self/ns/net)" ]; then echo own network; fi'
  assert_line --index 0 'distccd distccd distccd'
  assert_line 'CapPrm: 0000000000000000'
  assert_line 'CapBnd: 0000000000000000'
  assert_line 'NoNewPrivs: 1'
  assert_line 'Seccomp: 2'
  assert_line --regexp '^Max file size 1073741824 1073741824 '
  assert_line --regexp '^etc: alternatives( distcc)? ld.so.cache( localtime)?$'
  assert_line 'own network'
}

@test "files of clients and kept results are in a directory that outlasts it and that its jobs do not see" {
  run -0 inside '
    stat -c "%U %G %a" /var/cache/distccd
    ls /var/cache/distccd | sed "s/-trees-.*/-trees/"
    [ "$(stat -c %i /var/cache/distccd)" = "$(stat -c %i /proc/$(main_pid)/root/var/cache/distccd)" ]
    grep " /var/cache/distccd " /proc/$(main_pid)/mountinfo | grep -q "rw.*noexec" && echo writable, not to be run'
  assert_output 'distccd distccd 700
contents
distccd-trees
results
writable, not to be run'
  inside 'echo kept >/var/cache/distccd/mark; systemctl restart distccd; [ -e /var/cache/distccd/mark ]; rm /var/cache/distccd/mark'
}

@test "reload during eight jobs applies what it can, says what needs a restart, and loses no job" {
  settings 'JOBS="2"'
  edit_settings 'JOBS="5"' 'NICE="9"' 'ALLOWEDNETS="127.0.0.0/8 192.0.2.0/24"' 'LISTENER="127.0.0.1"' 'STATS="true"' \
    'DISTCCD_OPTIONS="--log-level info --max-memory 64M"' 'JOB="1"'
  inside '
    pid=$(main_pid)
    for n in $(seq 8); do stock slowcc -c plain.i -o reload$n.o & done
    slow_run 2
    systemctl reload distccd
    slow_run 5
    ps -o ni= -C slowcc | tr -d " " | sort -u | tr "\n" " " >/root/nice
    wait
    for n in $(seq 8); do cmp reload$n.o plain.local; done
    [ "$(main_pid)" = "$pid" ]
    # What was reloaded counts for the next daemon too, and nothing has been opened or closed meanwhile.
    systemctl kill distccd
    for _ in $(seq 100); do [ "$(systemctl show -P ActiveState distccd)" = inactive ] && break; sleep 0.1; done
    stock gcc -c plain.i -o reload.o
    tr "\0" " " </proc/$(main_pid)/cmdline | grep -q -e "--jobs 5"
    ss -Hlnt | tr -s " " | cut -d " " -f 4 | sort >/root/places'
  run -0 inside 'cat /root/nice /root/places'
  assert_output $'5 9 127.0.0.1:3632\n[::1]:3632'
  run -0 journal
  assert_line --regexp '^read the configuration again: serving 127.0.0.0/8, 192.0.2.0/24, 5 jobs at a time; changed: --allow, --jobs 5, --log-level info, priority 9; only after a restart: --max-memory, LISTENER or PORT, STATS$'
  assert_equal "$(grep -c '/etc/default/distccd: line 7: JOB is not a setting and has no effect; JOBS is one' <<<"$output")" 1
}

@test "reload with wrong settings fails with the sentence, whoever finds the fault, and keeps what was in force" {
  settings 'JOBS="2"'
  edit_settings 'JOBS="many"'
  run ! inside 'systemctl reload distccd'
  run -0 inside 'systemctl status --no-pager distccd || true'
  assert_line --partial 'distccd: ERROR: JOBS or DISTCCD_OPTIONS in /etc/default: --jobs expects a number from 1 to 1000, not "many"'
  # Only the daemon can tell that its account may not read a file.
  edit_settings 'JOBS="4"' 'NICE="9"' 'ALLOWEDNETS="@/etc/distcc/clients.secret"'
  inside 'mkdir -p /etc/distcc; echo 10.0.0.0/8 >/etc/distcc/clients.secret; chmod 600 /etc/distcc/clients.secret'
  run ! inside 'systemctl reload distccd'
  run -0 journal
  assert_line --partial 'cannot read the allow file "/etc/distcc/clients.secret"'
  inside '
    pid=$(main_pid)
    [ "$(ps -o ni= -p $pid | tr -d " ")" = 5 ]
    for n in 1 2 3; do stock slowcc -c plain.i -o wrong$n.o & done
    most=0
    while [ -n "$(jobs -pr)" ]; do
      now=$(pgrep -cx slowcc || true)
      [ "$now" -le "$most" ] || most=$now
      sleep 0.1
    done
    [ "$most" = 2 ]
    for n in 1 2 3; do cmp wrong$n.o plain.local; done
    systemctl show -P Environment distccd | grep -e "--jobs 2"
    kill -HUP $pid
    rm /etc/distcc/clients.secret; rmdir --ignore-fail-on-non-empty /etc/distcc'
  eventually 'journalctl --no-pager --output=cat -u distccd -n 1 | grep -qx "read the configuration again: serving 127.0.0.0/8, ::1/128, 2 jobs at a time"'
}

@test "STATS has systemd open a port for the counters, which are those of the daemon that serves" {
  settings 'STATS="true"'
  inside '
    page() { exec 3<>/dev/tcp/127.0.0.1/3633; printf "GET / HTTP/1.0\r\n\r\n" >&3; cat <&3; }
    stock gcc -c plain.i -o counted.o
    page | grep -qx "dcc_compile_ok 1"
    ask() { exec 3<>/dev/tcp/127.0.0.1/3633; printf "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" "$1" >&3; cat <&3; }
    ask /metrics | grep -E "^distccd_jobs_total\{result=\"compile_ok\",compiler=\"[^\"]*gcc\"\} 1\$" >/dev/null
    # The unit hides /proc.
    for name in load1 memory_available_bytes temporary_space_available_bytes; do
      ask /metrics | grep -E "^distccd_$name [0-9.]*[1-9]" >/dev/null
    done
    ask /status.json | grep "\"address\":\"127.0.0.1\",\"ok\":1," >/dev/null
    ask /status | grep "^<title>distccd on " >/dev/null
    if tr "\0" " " </proc/$(main_pid)/cmdline | grep -e --idle-exit; then exit 1; fi
    systemctl restart distccd
    page | grep -qx "dcc_compile_ok 0"'
  settings '# nothing set'
  inside '[ -z "$(ss -Hlnt sport = :3633)" ]; stock gcc -c plain.i -o counted.o'
}

@test "restart during jobs: they finish, and clients that come meanwhile wait" {
  inside '
    pid=$(main_pid)
    for n in 1 2 3; do stock slowcc -c plain.i -o restart$n.o & done
    slow_run 3
    systemctl restart distccd & restart=$!
    sleep 0.3
    stock gcc -c plain.i -o restart4.o
    wait $restart; wait
    for n in 1 2 3 4; do cmp restart$n.o plain.local; done
    [ "$(main_pid)" != "$pid" ]'
}

@test "killed, it is started again and sweeps what was left" {
  inside '
    export DISTCC_FALLBACK=1
    pid=$(main_pid)
    stock slowcc -c plain.i -o killed.o 2>killed.txt & job=$!
    slow_run 1
    [ "$pid" -gt 1 ]; kill -KILL $pid
    wait $job
    cmp killed.o plain.local
    stock gcc -c plain.i -o killed.o
    new=$(main_pid)
    [ "$new" != "$pid" ] && [ "$new" != 0 ]
    [ "$(ls -d /proc/$new/root/tmp/distccd-* | wc -l)" = 1 ]
    if pgrep -x slowcc; then exit 1; fi'
}

@test "a stopped process is noticed by the watchdog and replaced" {
  inside '
    mkdir -p /run/systemd/system/distccd.service.d
    printf "[Service]\nWatchdogSec=1s\nTimeoutAbortSec=1s\n" >/run/systemd/system/distccd.service.d/watchdog.conf
    systemctl daemon-reload
    systemctl restart distccd.service
    pid=$(main_pid); [ "$pid" -gt 1 ]
    # It is fed for longer than its time.
    sleep 2; [ "$(main_pid)" = "$pid" ]
    kill -STOP $pid
    for _ in $(seq 100); do new=$(main_pid); [ "$new" = "$pid" ] || [ "$new" = 0 ] || break; sleep 0.1; done
    [ "$new" != "$pid" ]
    stock gcc -c plain.i -o watched.o
    cmp watched.o plain.local
    rm /run/systemd/system/distccd.service.d/watchdog.conf; systemctl daemon-reload'
  run -0 journal
  assert_output --partial 'Watchdog timeout'
}

@test "without work it ends, and the next connection starts it again" {
  settings 'DISTCCD_OPTIONS="--idle-exit 1"'
  inside '
    for _ in 1 2; do
      for _ in $(seq 100); do [ "$(systemctl show -P ActiveState distccd.service)" = inactive ] && break; sleep 0.1; done
      [ "$(systemctl show -P ActiveState distccd.service)" = inactive ]
      [ "$(systemctl show -P Result distccd.service)" = success ]
      if pgrep -x distccd; then exit 1; fi
      stock gcc -c plain.i -o idle.o
      cmp idle.o plain.local; rm idle.o
    done'
}

@test "it compiles clients' own files, and what it has of them outlasts restarts and idle exits" {
  settings 'DISTCCD_OPTIONS="--idle-exit 1 --result-cache 0"'
  run -0 inside '
    export DISTCC_DIR=/root/our-state DISTCC_HOSTS=127.0.0.1 DISTCC_FALLBACK=0 DISTCC_VERBOSE=1 DISTCC_LOG=/root/build/own/log
    mkdir own; cd own
    # Nothing makes this smaller on its way.
    { echo "#define TWICE(x) ((x) + (x))"; echo "// $(head -c 300000 /dev/urandom | base64 -w 0)"; } >own.h
    printf "#include <stdio.h>\n#include \"own.h\"\nint own(int x) { puts(__FILE__); return TWICE(x); }\n" >own.c
    gcc -g -O1 -Wall -c own.c -o own.local
    job() {
      rm -f log own.o
      distcc gcc -g -O1 -Wall -c own.c -o own.o
      cmp own.o own.local
      sent+=($(sed -n "s/.*compiled from [0-9]* inputs on .* \([0-9]*\) bytes sent.*/\1/p" log))
    }
    # With its first answer a server says that it takes such jobs.
    distcc gcc -c ../hello.c -o hello.o
    sent=()
    job
    systemctl restart distccd
    job
    for _ in $(seq 100); do [ "$(systemctl show -P ActiveState distccd.service)" = inactive ] && break; sleep 0.1; done
    [ "$(systemctl show -P ActiveState distccd.service)" = inactive ]
    job
    distcc --agent-stop >/dev/null
    # All of the header went once, and only once.
    echo "bytes: ${sent[*]}" >&2
    [ "${#sent[@]}" = 3 ] && [ "${sent[0]}" -gt 300000 ] && [ "${sent[1]}" -lt 100000 ] && [ "${sent[2]}" -lt 100000 ]
    stat -c "%U %a" /var/cache/distccd'
  assert_line 'distccd 700'
  run -0 journal
  assert_line 'files of clients: compiled as they are, kept in /var/cache/distccd/contents'
  refute_line --partial 'ignored extra data'
}

@test "clients of another machine are served after one line in the settings, and only those that it names" {
  inside '
    ip netns add clients
    ip link add inner type veth peer name outer netns clients
    ip address add 192.0.2.1/24 dev inner; ip link set inner up
    ip -n clients address add 192.0.2.2/24 dev outer; ip -n clients link set outer up
    cat >/root/from-outside <<END
#!/bin/bash
export DISTCC_HOSTS=192.0.2.1
rm -f far.o; ip netns exec clients stock gcc -c plain.i -o far.o && cmp far.o plain.local
END
    chmod 755 /root/from-outside'
  settings '# nothing set'
  run ! inside /root/from-outside
  assert_output --partial 'Connection refused'
  settings 'ALLOWEDNETS="192.0.2.0/24"'
  inside /root/from-outside
  settings 'ALLOWEDNETS="198.51.100.0/24"'
  run ! inside /root/from-outside
  run -0 journal
  assert_output --partial "192.0.2.2"
  assert_output --partial 'denied by access list'
  # An address of its own keeps the others out.
  settings 'ALLOWEDNETS="192.0.2.0/24"' 'LISTENER="127.0.0.1"'
  run ! inside /root/from-outside
  assert_output --partial 'Connection refused'
}

@test "a daemon on a port of its own serves and keeps its compilers from further networks" {
  settings 'ALLOWEDNETS="192.0.2.0/24"'
  inside '
    systemctl start distccd-port@3700
    sed -i s/192.0.2.1/192.0.2.1:3700/ /root/from-outside; /root/from-outside; sed -i s/:3700// /root/from-outside
    pid=$(main_pid distccd-port@3700); [ "$(ps -o user= -p $pid)" = distccd ]
    systemctl stop distccd-port@3700'
  run -0 inside 'systemctl show -P IPAddressAllow distccd-port@3700'
  assert_output --partial '192.0.2.0/24'
  # Its address may come later.
  edit_settings 'LISTENER="192.0.2.77"' 'ALLOWEDNETS="192.0.2.0/24"'
  run ! inside 'systemctl daemon-reload; systemctl start distccd-port@3700'
  run -0 journal distccd-port@3700
  assert_output --partial 'cannot listen on 192.0.2.77:3700: this machine has no such address'
  inside 'ip address add 192.0.2.77/24 dev inner'
  eventually 'systemctl --quiet is-active distccd-port@3700'
  # A reload opens it to another network, for the daemon and for systemd's own filter.
  edit_settings 'LISTENER="192.0.2.77"' 'ALLOWEDNETS="198.51.100.0/24"'
  inside 'systemctl daemon-reload; systemctl restart distccd-port@3700'
  edit_settings 'LISTENER="192.0.2.77"' 'ALLOWEDNETS="192.0.2.0/24"' 'JOBS="3"'
  inside '
    systemctl reload distccd-port@3700
    sed -i s/192.0.2.1/192.0.2.77:3700/ /root/from-outside; /root/from-outside; sed -i s/192.0.2.77:3700/192.0.2.1/ /root/from-outside
    systemctl stop distccd-port@3700'
  run -0 journal distccd-port@3700
  assert_line 'read the configuration again: serving 192.0.2.0/24, 3 jobs at a time; changed: --allow, --jobs 3'
}

@test "with Accept=yes systemd starts a process for each client, and no daemon" {
  settings 'ALLOWEDNETS="127.0.0.0/8"' 'JOBS="3"'
  inside '
    mkdir -p /etc/systemd/system/distccd.socket.d
    cp /usr/share/doc/distccd/examples/accept.conf /etc/systemd/system/distccd.socket.d/
    systemctl daemon-reload; systemctl stop distccd.service; systemctl restart distccd.socket
    for n in 1 2 3; do stock slowcc -c plain.i -o each$n.o & done
    slow_run 3
    # A fourth is turned away, for its client to go elsewhere.
    if stock gcc -c plain.i -o each4.o 2>/dev/null; then exit 1; fi
    wait
    for n in 1 2 3; do cmp each$n.o plain.local; done
    [ "$(systemctl show -P NAccepted distccd.socket)" -ge 3 ]'
  eventually '[ -z "$(systemctl list-units --no-legend "distccd@*")" ]'
  run -0 inside 'systemctl show -P ActiveState distccd.service; pgrep -cx distccd || true; journalctl --no-pager --output=cat -t distccd -n 3'
  assert_line --index 0 inactive
  assert_line --index 1 0
  assert_equal "$(grep -c 'COMPILE_OK.*slowcc' <<<"$output")" 3
  # Wrong settings are found before a client connects.
  edit_settings 'DISTCCD_OPTIONS="--bogus"'
  run ! inside 'systemctl restart distccd.socket'
  run -0 journal distccd.socket
  assert_output --partial 'distccd: ERROR: DISTCCD_OPTIONS in /etc/default: --bogus: unknown option'
  inside 'rm -r /etc/systemd/system/distccd.socket.d; systemctl daemon-reload'
  settings '# nothing set'
  inside 'stock gcc -c plain.i -o each.o; systemctl is-active distccd.service'
}

@test "edited settings change nothing, whatever is reloaded and whoever starts the service, until it is restarted" {
  settings '# nothing set'
  edit_settings 'PORT="3700"' 'JOBS="3"'
  inside '
    systemctl daemon-reload
    stock gcc -c plain.i -o kept.o
    systemctl kill distccd'
  eventually '[ "$(systemctl show -P ActiveState distccd)" = inactive ]'
  inside '
    systemctl daemon-reload
    stock gcc -c plain.i -o kept.o
    if tr "\0" " " </proc/$(main_pid)/cmdline | grep -e --jobs; then exit 1; fi
    systemctl daemon-reload && systemctl restart distccd
    DISTCC_HOSTS=127.0.0.1:3700 stock gcc -c plain.i -o kept.o
    tr "\0" " " </proc/$(main_pid)/cmdline | grep -q -e "--jobs 3"
    [ -z "$(ss -Hlnt sport = :3632)" ]
    systemctl kill distccd'
  eventually '[ "$(systemctl show -P ActiveState distccd)" = inactive ]'
  # Nobody needs to reload, and a service that waits for clients is restarted too.
  settings '# nothing set'
  inside 'stock gcc -c plain.i -o kept.o; [ -z "$(ss -Hlnt sport = :3700)" ]'
}

@test "a restart leaves the sockets open that still listen where the settings say" {
  inside '
    sockets() { ss -Hlnte "sport = :3632" | grep -o "ino:[0-9]*"; }
    before=$(sockets)
    echo JOBS=4 >/etc/default/distccd; systemctl restart distccd
    [ "$(sockets)" = "$before" ]
    tr "\0" " " </proc/$(main_pid)/cmdline | grep -q -e "--jobs 4"'
}

@test "a drop-in of the administrator wins over the settings, and applies with a restart of the service" {
  inside '
    mkdir -p /etc/systemd/system/distccd.socket.d
    printf "[Socket]\nListenStream=\nListenStream=127.0.0.1:3650\n" >/etc/systemd/system/distccd.socket.d/00-local.conf
    echo LISTENER=127.0.0.1 >/etc/default/distccd
    systemctl daemon-reload; systemctl restart distccd
    DISTCC_HOSTS=127.0.0.1:3650 stock gcc -c plain.i -o local.o
    [ -z "$(ss -Hlnt sport = :3632)" ]
    rm -r /etc/systemd/system/distccd.socket.d; systemctl daemon-reload; systemctl restart distccd
    stock gcc -c plain.i -o local.o'
}

@test "a wrong setting makes the restart fail, with the sentence in the journal, and no loop" {
  edit_settings 'LISTENER="my house"'
  run ! inside 'systemctl restart distccd'
  run -0 journal
  assert_output --partial 'distccd: ERROR: LISTENER in /etc/default names "my", which is not an address'
  # Those who are served already are served on.
  inside 'stock gcc -c plain.i -o wrong.o; systemctl stop distccd.socket'
  run ! inside 'systemctl start distccd.socket'
  run -0 journal distccd.socket
  assert_output --partial 'distccd: ERROR: LISTENER in /etc/default names "my", which is not an address'
  settings '# nothing set'
  edit_settings 'DISTCCD_OPTIONS="--bogus"'
  run ! inside 'systemctl restart distccd'
  run -0 journal
  assert_output --partial 'distccd: ERROR: DISTCCD_OPTIONS in /etc/default: --bogus: unknown option'
  run -0 inside 'systemctl show -P NRestarts,Result distccd.service'
  assert_output $'exit-code\n0'
  # It was found before anything changed.
  inside 'systemctl reset-failed; stock gcc -c plain.i -o wrong.o'
  settings '# nothing set'
}

@test "--check says what the service would serve, and in its sandbox what it does" {
  edit_settings 'ALLOWEDNETS=192.0.2.0/24 10.0.0.0/8' 'PORT="3700"' 'JOBS="3"'
  run -0 inside 'distccd --check'
  assert_line 'serves: port 3700 of every address'
  assert_line 'to: 192.0.2.0/24'
  assert_line 'as: distccd'
  assert_line 'at a time: 3'
  assert_line 'files of clients: compiled as they are, kept in /var/cache/distccd/contents'
  assert_line --partial 'settings: in force after "systemctl restart distccd"'
  assert_line 'warning: /etc/default/distccd: line 1: "10.0.0.0/8" is not part of ALLOWEDNETS and has no effect: put the whole value in quotes'
  edit_settings 'LISTENER="my house"'
  run -101 inside 'distccd --check'
  assert_output --partial 'distccd: ERROR: LISTENER in /etc/default names "my", which is not an address'
  edit_settings '# nothing set'
  inside '
    mkdir -p /run/systemd/system/distccd.service.d
    printf "[Service]\nType=oneshot\nExecStartPre=/usr/bin/distccd --check \$DISTCCD_SETTINGS\nExecStart=\nExecStart=/bin/sh -c \"distccd --check \$DISTCCD_SETTINGS; distccd --check; true\"\n" >/run/systemd/system/distccd.service.d/check.conf
    systemctl daemon-reload; systemctl restart distccd || true; rm -r /run/systemd/system/distccd.service.d; systemctl daemon-reload'
  run -0 journal
  assert_line 'serves: the sockets that the service manager holds'
  assert_line --regexp '^as: uid [0-9]+, which has no name here$'
  assert_line --partial 'distccd: ERROR: cannot listen on 0.0.0.0:3632: '
  refute_line --regexp '^ +at '
}

@test "without sockets the service says what happened" {
  inside '
    mkdir -p /run/systemd/system/distccd.service.d
    printf "[Service]\nSockets=\nExecStart=\nExecStart=/usr/bin/env -u LISTEN_FDS /usr/bin/distccd --daemon --no-detach --log-stderr --idle-exit 600\n" >/run/systemd/system/distccd.service.d/none.conf
    systemctl daemon-reload
    if systemctl restart distccd; then exit 1; fi
    rm -r /run/systemd/system/distccd.service.d; systemctl daemon-reload; systemctl reset-failed; systemctl restart distccd'
  run -0 journal
  assert_output --partial 'systemd gave this service no sockets'
}

@test "a taken port is named, by the socket and by a daemon of its own" {
  inside '
    systemctl stop distccd.socket distccd.service
    perl -MIO::Socket::INET -e "\$socket = IO::Socket::INET->new(Listen => 1, ReuseAddr => 1, LocalAddr => q(127.0.0.1:3632)) or die; sleep 60" </dev/null >/dev/null 2>&1 &
    echo $! >/run/squatter
    for _ in $(seq 50); do [ -n "$(ss -Hlnt sport = :3632)" ] && break; sleep 0.1; done
    [ -n "$(ss -Hlnt sport = :3632)" ]'
  run ! inside 'systemctl start distccd.socket'
  # systemd says so in a short-lived process, whose lines the journal cannot always assign to the unit.
  run -0 inside 'journalctl --no-pager --output=cat --boot'
  assert_output --partial 'Address already in use'
  run ! inside 'systemctl start distccd-port@3632'
  run -0 journal distccd-port@3632
  assert_output --partial 'cannot listen on 127.0.0.1:3632: another program listens there'
  inside 'systemctl stop distccd-port@3632; kill $(cat /run/squatter); systemctl reset-failed; systemctl start distccd.socket'
}

@test "drop-ins: another account, and a toolchain outside /usr" {
  inside '
    mkdir -p /opt/cross/bin
    printf "#!/bin/sh\nexec gcc \"\$@\"\n" >/opt/cross/bin/crosscc; chmod 755 /opt/cross/bin/crosscc
    ln -s /usr/bin/distcc /usr/local/lib/distcc/crosscc
    mkdir -p /etc/systemd/system/distccd.service.d
    printf "[Service]\nUser=games\nGroup=games\n" >/etc/systemd/system/distccd.service.d/local.conf
    cp /usr/share/doc/distccd/examples/toolchain.conf /etc/systemd/system/distccd.service.d/
    systemctl daemon-reload; systemctl restart distccd'
  run -0 inside '
    PATH=$PATH:/opt/cross/bin stock crosscc -c plain.i -o cross.o
    cmp cross.o plain.local
    # A job knows no account by its number: its user namespace has no map.
    stat -c %U /proc/$(main_pid)'
  assert_output games
  inside 'rm -r /etc/systemd/system/distccd.service.d; systemctl daemon-reload; systemctl restart distccd'
}

@test "a full /tmp fails jobs and nothing else" {
  inside '
    export DISTCC_FALLBACK=1 TMPDIR=/var/tmp
    DISTCC_FALLBACK=0 stock gcc -c plain.i -o full.o
    pid=$(main_pid)
    used=$(df --output=used -k /tmp | tail -n 1)
    mount -o remount,size=$((used + 64))k /tmp
    head -c 1M /dev/zero >/tmp/ballast || true
    for n in 1 2 3; do rm -f full.o; stock gcc -c plain.i -o full.o; cmp full.o plain.local; done 2>full.txt
    grep -q "running locally instead" full.txt
    rm /tmp/ballast; mount -o remount,size=50% /tmp
    rm full.o
    DISTCC_FALLBACK=0 stock gcc -c plain.i -o full.o; cmp full.o plain.local
    [ "$(main_pid)" = "$pid" ]'
}

@test "the package brings what its users look for" {
  run -0 inside 'cd /usr/share/doc/distccd; zcat -f README.Debian*; ls examples; zcat debian.md.gz | head -n 1'
  assert_line --partial 'update-distcc-symlinks --without clang'
  assert_line toolchain.conf
  assert_line inetd.conf
  assert_line distccd-alerts.yml
  assert_line '# The service on Debian'
  # A report has the settings, without addresses, and what may be compiled.
  settings 'ALLOWEDNETS="127.0.0.1 192.0.2.0/24"' 'DISTCCD_OPTIONS="--allow 198.51.100.7 --log-level info"'
  run -0 inside '/usr/share/bug/distccd/script 3>&1'
  assert_line '/etc/default/distccd: ALLOWEDNETS=(left out)'
  assert_line '/etc/default/distccd: DISTCCD_OPTIONS="--allow (left out) --log-level info"'
  assert_line 'distccd.socket: enabled, active'
  assert_line --regexp '^/usr/lib/distcc:.* gcc( |$)'
  assert_line --regexp '^distccd: /usr/bin/distccd, distccd 0'
  refute_output --partial 192.0.2
  refute_output --partial 198.51
  settings '# nothing set'
}

@test "systemd-analyze has no complaint about the units, and reports little exposure" {
  run -0 inside 'systemd-analyze verify --man=no distccd.service distccd.socket distccd@1.service distccd-port@3633.service distccd-announce.service distccd-settings.service distccd-stats.socket'
  assert_output ''
  inside '
    cd /usr/lib/systemd/system
    systemd-analyze security --offline=true --no-pager --threshold=11 distccd.service >/dev/null
    systemd-analyze security --offline=true --no-pager --threshold=11 distccd@.service >/dev/null
    systemd-analyze security --offline=true --no-pager --threshold=11 distccd-port@.service >/dev/null'
}

@test "after a reboot it waits for clients again" {
  run -0 "$DB" reboot "$MACHINE"
  run -0 inside 'systemctl is-active distccd.socket; systemctl show -P ActiveState distccd.service; systemctl is-system-running'
  assert_output $'active\ninactive\nrunning'
  inside '
    stock gcc -c plain.i -o booted.o
    cmp booted.o plain.local'
}

@test "upgrade, downgrade and restart under load lose no job, and keep the settings" {
  settings 'JOBS="2"'
  "$DB" push "$MACHINE" "$(next_version)" /root/next.deb
  "$DB" push "$MACHINE" "$DISTCCD_DEB" /root/this.deb
  # More clients than slots: some jobs run at each stop, some wait, and some arrive. With LOAD_JOBS=700 the daemon is
  # replaced again and again meanwhile.
  DEBIAN_BOOT_TIMEOUT=$((240 + ${LOAD_JOBS:-30})) run -0 inside '
    rm -f /run/enough
    client() {
      while [ ! -e /run/enough ]; do
        if stock gcc -c plain.i -o load$1.o && cmp load$1.o plain.local; then echo done; else echo lost; fi
      done
    }
    count() { cat load*.txt | grep -c "^$1" || true; }
    more() { local before; before=$(count done); for _ in $(seq 600); do [ $(count done) -lt $((before + 10)) ] || return 0; sleep 0.1; done; return 1; }
    stops() { journalctl --no-pager --output=cat --unit=distccd | grep -c "^SIGTERM: " || true; }
    # Sends half of a request before the stop that comes, and the rest after it.
    half() {
      exec 3<>/dev/tcp/127.0.0.1/3632
      printf "DIST00000001ARGC00000005ARGV00000003gccARGV00000002-cARGV00000007plain.iARGV00000002-oARGV00000001xDOTI0000000bint x" >&3
      until [ "$(stops)" -gt "$1" ]; do sleep 0.2; done
      printf " = 1;\n" >&3
      [ "$(head -c 24 <&3)" = DONE00000001STAT00000000 ]
    }
    # replace COMMAND...: has the daemon replaced while a job runs, another is half received, and others wait; each of
    # them ends well.
    replaces=0
    replace() {
      local pid before slow half
      stock slowcc -c plain.i -o slow.o & slow=$!
      slow_run 1
      pid=$(main_pid) before=$(stops)
      half $before & half=$!
      "$@" >/root/replace.txt 2>&1
      [ "$(main_pid)" != "$pid" ]; [ "$(stops)" = $((before + 1)) ]
      wait $slow; cmp slow.o plain.local
      wait $half
      more
      replaces=$((replaces + 1))
    }
    clients=()
    for n in $(seq 6); do client $n >load$n.txt 2>load$n.err & clients+=($!); done
    more
    round() {
      replace dpkg -i /root/next.deb
      dpkg-query -W distccd | grep -q next
      replace dpkg -i /root/this.deb
      if dpkg-query -W distccd | grep next; then exit 1; fi
      replace systemctl restart distccd
    }
    round
    while [ "$(count done)" -lt "$1" ]; do round; done
    touch /run/enough
    wait "${clients[@]}"
    echo "load: $(count done) jobs done, $(count lost) lost, the daemon replaced $replaces times"
    [ "$(count lost)" = 0 ] || { cat load*.err; exit 1; }
    grep -q JOBS /etc/default/distccd
    tr "\0" " " </proc/$(main_pid)/cmdline | grep -q -e "--jobs 2"' "${LOAD_JOBS:-30}"
  echo "# $(grep '^load:' <<<"$output")" >&3
}

@test "an upgrade never leaves the port closed, whatever was edited and reloaded" {
  inside '
    echo PORT=3700 >/etc/default/distccd; systemctl daemon-reload; systemctl kill distccd
    for _ in $(seq 100); do [ "$(systemctl show -P ActiveState distccd)" = inactive ] && break; sleep 0.1; done
    dpkg -i /root/next.deb >/dev/null 2>&1
    DISTCC_HOSTS=127.0.0.1:3700 stock gcc -c plain.i -o port.o
    dpkg -i /root/this.deb >/dev/null 2>&1'
  settings '# nothing set'
}

@test "a compiler that was forbidden stays so, through installations, upgrades and removals" {
  inside '
    update-distcc-symlinks --without clang
    [ ! -e /usr/lib/distcc/clang ] && [ -L /usr/lib/distcc/clang++ ]
    if stock clang -c plain.i -o without.o 2>without.txt; then exit 1; fi
    grep -q "clang" without.txt
    # Each of these looks for compilers anew.
    dpkg-trigger --by-package=distccd /usr/lib/llvm-19; dpkg --triggers-only distccd
    dpkg -i /root/next.deb >/dev/null 2>&1; dpkg -i /root/this.deb >/dev/null 2>&1
    apt-get -qq -y remove distccd >/dev/null 2>&1; dpkg -i /root/this.deb >/dev/null 2>&1
    update-distcc-symlinks
    [ ! -e /usr/lib/distcc/clang ] && [ -L /usr/lib/distcc/clang++ ]
    update-distcc-symlinks --with clang
    [ -L /usr/lib/distcc/clang ]
    stock clang -c plain.i -o without.o
    update-distcc-symlinks --without clang'
}

@test "compilers that come and go are permitted and forgotten by themselves" {
  inside '
    [ -L /usr/lib/distcc/g++ ]
    apt-get -qq -y remove g++ "g++-*" >/dev/null 2>&1
    [ ! -e /usr/lib/distcc/g++ ] && [ -L /usr/lib/distcc/gcc ]'
}

@test "a client that came before the first compiler does not keep the service down" {
  inside '
    systemctl stop distccd.service
    mv /usr/lib/distcc /root/permitted; mv /usr/local/lib/distcc /root/ours; mkdir /usr/lib/distcc
    (exec 3<>/dev/tcp/127.0.0.1/3632; for _ in $(seq 100); do systemctl --quiet is-failed distccd.socket && break; sleep 0.1; done)
    systemctl is-failed distccd.socket
    rmdir /usr/lib/distcc; mv /root/permitted /usr/lib/distcc; mv /root/ours /usr/local/lib/distcc
    dpkg-trigger --by-package=distccd /usr/lib/gcc; dpkg --triggers-only distccd
    stock gcc -c plain.i -o first.o; cmp first.o plain.local'
}

@test "removed, it serves no more and keeps its settings" {
  inside '
    apt-get -qq -y remove distccd >/dev/null 2>&1
    [ -z "$(ss -Hlnt sport = :3632)" ]
    if pgrep -x distccd; then exit 1; fi
    [ -e /etc/default/distccd ] && [ ! -e /usr/lib/distcc ]
    systemctl is-system-running'
}

@test "purged, it leaves nothing but its account" {
  inside '[ -e /etc/distcc/masquerade.without ]'
  inside 'apt-get -qq -y purge distccd >/dev/null 2>&1'
  run -0 inside 'find /etc /usr /var /run -xdev -iname "*distcc*" ! -path "/usr/local/*" ! -path "/var/log/*"'
  assert_output ''
  run -0 inside 'systemctl daemon-reload; systemctl list-unit-files --no-legend "distcc*" || true'
  assert_output ''
}
