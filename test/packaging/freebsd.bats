#!/usr/bin/env bats
# shellcheck disable=SC2016 # scripts for the root are expanded there
# The rc.d script with the real daemon in a root of FreeBSD's shape, on Linux: rc.subr and FreeBSD's tools are models,
# the programs say that they run on FreeBSD, and the system calls that Node lacks are not there. Each script runs with
# dash and with busybox as /bin/sh.

bats_require_minimum_version 1.5.0

setup_file() {
  load ../support/common.bash
  load ../support/freebsd.bash
  stage_package
}
setup() {
  load ../support/common.bash
  load ../support/freebsd.bash
}

@test "start returns once the daemon listens, as distcc, and holds nothing of its starter" {
  in_root '
    conf distccd_enable=YES
    said=$(timeout 20 service distccd start 2>&1 5>&1 9>&1); echo "status $? ${said%%.*}"
    grep -c ":0E30 .* 0A " $proc/net/tcp6
    user; words
    stat -c "%U:%G %a" /var/run/distccd.pid
    status_of service distccd status | sed "s/pid [0-9]*/pid N/"
    env -i cat $proc/$(pid)/environ | tr "\0" "\n" | grep DISTCCD_PATH
  '
  assert_output "status 0 Starting distccd
1
user 561
/usr/local/bin/node /usr/local/sbin/distccd --allow 127.0.0.0/8 --daemon --pid-file /var/run/distccd.pid --reload-file /var/run/distccd.pid.options --user distcc 
distcc:distcc 644
distccd is running as pid N.
status 0
DISTCCD_PATH=/usr/bin:/bin:/usr/local/bin"
}

@test "a daemon holds no descriptor of its starter, however high its number" {
  in_root '
    timeout 30 /usr/local/bin/node -e "
      const stdio = [...Array(20).fill(\"ignore\"), \"pipe\"];
      const starter = require(\"child_process\").spawn(\"/usr/sbin/service\", [\"distccd\", \"onestart\"], { stdio });
      starter.stdio[20].resume().on(\"close\", () => console.log(\"let go\"));"
    service distccd onestop
  '
  assert_output "let go
Stopping distccd."
}

@test "stop ends it and removes the pid file; status and a second stop then fail" {
  in_root '
    service distccd onestart 2>/dev/null
    old=$(pid)
    status_of service distccd onestop
    gone $old && echo gone; ls /var/run
    status_of service distccd onestatus
    status_of service distccd onestop
  '
  assert_output "Starting distccd.
Stopping distccd.
status 0
gone
distccd is not running.
status 1
distccd not running? (check /var/run/distccd.pid).
status 1"
}

@test "a disabled service does not start, enable changes rc.conf, and rcvar names the knob" {
  in_root '
    status_of service distccd start
    service distccd enable
    grep enable /etc/rc.conf
    service distccd rcvar | grep enable
    service distccd start 2>&1 | head -n 1
    service distccd disable; service distccd enabled || echo disabled
  '
  assert_output "Cannot 'start' distccd. Set distccd_enable to YES in /etc/rc.conf or use 'onestart' instead of 'start'.
status 0
distccd enabled in /etc/rc.conf
distccd_enable=\"YES\"
distccd_enable=\"YES\"
Starting distccd.
distccd disabled in /etc/rc.conf
disabled"
}

@test "onestart starts a disabled service as start does an enabled one, and once" {
  in_root '
    status_of service distccd start
    status_of service distccd onestatus
    status_of service distccd onestart 2>/dev/null; old=$(pid)
    user; service distccd onestatus | sed "s/pid [0-9]*/pid N/"
    service distccd onestart 2>&1 | sed "s/=[0-9]*/=N/"
    [ "$(pid)" = "$old" ] && echo same
    grep enable /etc/rc.conf; status_of service distccd onestop
  '
  assert_output "Cannot 'start' distccd. Set distccd_enable to YES in /etc/rc.conf or use 'onestart' instead of 'start'.
status 0
distccd is not running.
status 1
Starting distccd.
status 0
user 561
distccd is running as pid N.
distccd already running? (pid=N).
same
Stopping distccd.
status 0"
}

@test "restart makes a new process" {
  in_root '
    conf distccd_enable=YES
    service distccd start 2>/dev/null; old=$(pid)
    status_of service distccd restart 2>/dev/null
    gone $old && echo gone
    [ "$(pid)" != "$old" ] && service distccd status | sed "s/pid [0-9]*/pid N/"
  '
  assert_output "Starting distccd.
Stopping distccd.
Starting distccd.
status 0
gone
distccd is running as pid N."
}

@test "restart without any compiler is not refused" {
  in_root '
    conf distccd_enable=YES
    service distccd start 2>/dev/null; old=$(pid)
    rm /usr/bin/cc
    status_of service distccd restart 2>/dev/null
    gone $old && echo gone
    status_of service distccd oneconfigtest 2>&1 | sed "s/:.*//"
    service distccd stop
  '
  assert_output "Starting distccd.
Stopping distccd.
Starting distccd.
status 0
gone
distccd
status 1
Stopping distccd."
}

@test "restart with flags that are wrong leaves the daemon that serves alone" {
  in_root '
    conf distccd_enable=YES
    service distccd start 2>/dev/null; old=$(pid)
    conf "distccd_flags=\"--allow 300.0.0.0/8\""
    status_of service distccd restart
    [ "$(pid)" = "$old" ] && [ -e $proc/$old ] && echo serves
  '
  assert_line --partial 'cannot understand "300.0.0.0/8"'
  assert_line 'status 1'
  assert_line 'serves'
  refute_line 'Stopping distccd.'
}

@test "reload applies flags that were edited, and refuses wrong ones" {
  in_root '
    conf "distccd_flags=\"--allow 127.0.0.0/8 --log-file /tmp/log\""
    service distccd onestart 2>/dev/null; old=$(pid)
    conf "distccd_flags=\"--allow \\\"10.0.0.0/8\\\" --jobs 3 --log-file /tmp/log --port 3700\""
    status_of service distccd onereload
    for _ in 1 2 3 4 5 6 7 8 9 10; do grep -q again /tmp/log && break; sleep 0.2; done
    grep -o "read the configuration again.*" /tmp/log
    conf "distccd_flags=\"--jobs many\""
    status_of service distccd onereload
    [ "$(pid)" = "$old" ] && [ -e $proc/$old ] && echo serves
    service distccd onestop
    ls /var/run
  '
  assert_line 'read the configuration again: serving 10.0.0.0/8, 3 jobs at a time; changed: --allow, --jobs 3; only after a restart: --port'
  assert_line --partial '--jobs expects a number from 1 to 1000, not "many"'
  assert_line 'status 1'
  assert_line 'serves'
  refute_line --partial options
}

@test "reload sends SIGHUP: the list of clients is read again, and a log file that newsyslog moved is made again" {
  in_root '
    echo 127.0.0.0/8 >/etc/clients
    conf "distccd_flags=\"--allow @/etc/clients --log-file /tmp/log\""
    service distccd onestart; old=$(pid)
    echo 10.0.0.0/8 >/etc/clients
    status_of service distccd onereload
    for _ in 1 2 3 4 5 6 7 8 9 10; do grep -q again /tmp/log && break; sleep 0.2; done
    grep -o "serving 10.0.0.0/8" /tmp/log
    # What newsyslog does by the example: another file of the same name and owner, and the signal.
    mv /tmp/log /tmp/log.0; install -o distcc -g distcc -m 640 /dev/null /tmp/log
    echo 172.16.0.0/12 >/etc/clients
    kill -$(sed -n "s/^#.*distccd.pid[^0-9]*//p" /usr/local/share/examples/distccd/newsyslog.conf.example) $old
    for _ in 1 2 3 4 5 6 7 8 9 10; do grep -q again /tmp/log && break; sleep 0.2; done
    grep -o "serving 172.16.0.0/12" /tmp/log; grep -c 172 /tmp/log.0
    [ "$(pid)" = "$old" ] && echo same
  '
  assert_output "Starting distccd.
distccd: Warning: a compiler could get at the files of other jobs: this system has no fence for them
status 0
serving 10.0.0.0/8
serving 172.16.0.0/12
0
same"
}

@test "the boot starts it after LOGIN with a bare environment, and the shutdown stops it" {
  in_root '
    conf distccd_enable=YES
    grep -E "^# (PROVIDE|REQUIRE|BEFORE|KEYWORD)" /usr/local/etc/rc.d/distccd
    (export PATH=/sbin:/bin:/usr/sbin:/usr/bin HOME=/; autoboot=yes; set -- faststart; . /usr/local/etc/rc.d/distccd) >/dev/null 2>&1
    service distccd status | sed "s/pid [0-9]*/pid N/"
    old=$(pid)
    (set -- faststop; . /usr/local/etc/rc.d/distccd); gone $old && echo gone
  '
  assert_output "# PROVIDE: distccd
# REQUIRE: LOGIN
# KEYWORD: shutdown
distccd is running as pid N.
Stopping distccd.
gone"
}

@test "the boot's order of rc.d scripts has it after the network, the libraries, syslogd and LOGIN" {
  # The scripts of FreeBSD's base system that matter here, by PROVIDE and REQUIRE; tsort(1) stands for rcorder(8).
  in_root '
    base() { printf "#!/bin/sh\n# PROVIDE: %s\n# REQUIRE: %s\n# BEFORE: %s\n# KEYWORD: %s\n" "$1" "$2" "$3" "$4" >/etc/rc.d/$1; }
    base FILESYSTEMS "" "" ""; base NETWORKING FILESYSTEMS "" ""; base ldconfig FILESYSTEMS "" ""; base SERVERS "NETWORKING ldconfig" "" ""
    base syslogd NETWORKING SERVERS shutdown; base DAEMON SERVERS "" ""; base LOGIN DAEMON "" ""; base cron "LOGIN" "" shutdown
    base jail "LOGIN cron" "" "shutdown nojail"
    of() { sed -n "s/^# $1: *//p" "$2"; }
    for file in /etc/rc.d/* /usr/local/etc/rc.d/*; do
      me=$(of PROVIDE $file); echo "$me $me"
      for other in $(of REQUIRE $file); do echo "$other $me"; done
      for other in $(of BEFORE $file); do echo "$me $other"; done
    done | /.host/usr/bin/tsort >/tmp/order; echo "status $?"
    for other in FILESYSTEMS NETWORKING ldconfig syslogd SERVERS DAEMON LOGIN distccd; do
      sed -n "/^$other\$/,\$p" /tmp/order | grep -c "^distccd\$"
    done | uniq -c | tr -d " "
    grep -l "^# KEYWORD:.* shutdown" /usr/local/etc/rc.d/*; grep -c "^# KEYWORD:.*nojail" /usr/local/etc/rc.d/distccd
    true
  '
  assert_output "status 0
81
/usr/local/etc/rc.d/distccd
0"
}

@test "flags keep their quotes" {
  in_root '
    conf "distccd_flags=\"--allow 127.0.0.0/8 --log-file \\\"/tmp/a log\\\" --log-level '\''info'\''\""
    status_of service distccd onestart
    grep -c "serving 127.0.0.0/8" "/tmp/a log"
    words | grep -o "log-file .*info"
    status_of service distccd onestop
  '
  assert_output "Starting distccd.
distccd: Warning: a compiler could get at the files of other jobs: this system has no fence for them
status 0
1
log-file /tmp/a log --log-level info
Stopping distccd.
status 0"
}

@test "the old port's rc.conf works, and nothing is said twice" {
  in_root '
    conf "distccd_flags=\"-a 127.0.0.0/8 --user distcc --daemon -P /var/run/distccd.pid\""
    service distccd onestart 2>/dev/null
    words; service distccd onestatus | sed "s/pid [0-9]*/pid N/"; service distccd onestop
  '
  assert_output "Starting distccd.
/usr/local/bin/node /usr/local/sbin/distccd -a 127.0.0.0/8 --user distcc --daemon -P /var/run/distccd.pid --reload-file /var/run/distccd.pid.options 
distccd is running as pid N.
Stopping distccd."
}

@test "the old port's rc.conf with another pid file: status, restart and stop find the daemon" {
  in_root '
    conf distccd_enable=YES "distccd_flags=\"-a 127.0.0.0/8 -a 10.0.0.0/8 -j 4 -N 5 --user distcc --daemon -P /var/run/other.pid\""
    service distccd start 2>/dev/null; old=$(pid /var/run/other.pid)
    words /var/run/other.pid; ls /var/run
    service distccd status | sed "s/pid [0-9]*/pid N/"
    service distccd restart 2>/dev/null; gone $old && echo gone
    status_of service distccd stop; ls /var/run
  '
  assert_output "Starting distccd.
/usr/local/bin/node /usr/local/sbin/distccd -a 127.0.0.0/8 -a 10.0.0.0/8 -j 4 -N 5 --user distcc --daemon -P /var/run/other.pid --reload-file /var/run/other.pid.options 
other.pid
distccd is running as pid N.
Stopping distccd.
Starting distccd.
gone
Stopping distccd.
status 0"
}

@test "the pid file and the account of the flags are found in every spelling" {
  in_root '
    for file in "-P /var/run/a.pid" "-P/var/run/a.pid" "-P=/var/run/a.pid" "--pid-file=/var/run/a.pid" "-P /b -P /var/run/a.pid"; do
      : >/etc/rc.conf
      conf "distccd_env=$env" "distccd_flags=\"$file --user=www --allow 127.0.0.1 --log-file /tmp/log\""
      service distccd onestart >/dev/null 2>&1
      user /var/run/a.pid; stat -c "%n %U" /var/run/*
      service distccd onestatus >/dev/null && service distccd onestop; ls /var/run
    done
  '
  assert_output "$(for _ in 1 2 3 4 5; do printf 'user 80\n/var/run/a.pid www\nStopping distccd.\n'; done)"
}

@test "a word that is another option's value is not a flag" {
  in_root '
    conf "distccd_flags=\"--log-format text --log-file /tmp/--inetd --allow 127.0.0.1 --listen 127.0.0.1 --user distcc\""
    status_of service distccd onestart
    conf "distccd_flags=\"--log-file -P\""
    status_of service distccd oneconfigtest
  '
  assert_line 'Starting distccd.'
  assert_line 'status 0'
  assert_line --partial '--log-file expects an absolute path, not "-P"'
}

@test "distccd_runas, distccd_pidfile and distccd_path are obeyed" {
  in_root '
    conf distccd_runas=www distccd_pidfile=/var/run/farm.pid distccd_path=/opt/bin:/usr/bin
    service distccd onestart 2>/dev/null
    user /var/run/farm.pid; ls /var/run
    tr "\0" "\n" <$proc/$(pid /var/run/farm.pid)/environ | grep DISTCCD_PATH
    service distccd onestop
  '
  assert_output "Starting distccd.
user 80
farm.pid
DISTCCD_PATH=/opt/bin:/usr/bin
Stopping distccd."
}

@test "rc.subr's own distccd_user starts it as that account" {
  in_root '
    conf distccd_user=www distccd_env=
    service distccd oneconfigtest | grep as:
    service distccd onestart 2>/dev/null
    user; words; stat -c %U /var/run/distccd.pid
    service distccd onestop; ls /var/run
  '
  assert_output "as: www
Starting distccd.
user 80
/usr/local/bin/node /usr/local/sbin/distccd --allow 127.0.0.0/8 --daemon --pid-file /var/run/distccd.pid --reload-file /var/run/distccd.pid.options 
www
Stopping distccd."
}

@test "what would start no daemon is refused with a sentence, and nothing is touched" {
  in_root '
    try() {
      printf "%s\n" "distccd_env=$env" "$@" >/etc/rc.conf
      service distccd onestart 2>&1 | sed -n "s/.*WARNING: //p" | head -n 1
      service distccd onestatus; ls /var/run
    }
    try "distccd_flags=\"--no-detach\""
    try "distccd_flags=\"--allow 127.0.0.1 --inetd\""
    try "distccd_flags=--wizard"
    try distccd_runas=nosuch
    try "distccd_flags=\"--user nosuch\""
    try distccd_user=nosuch
    try "distccd_flags=\"--log-file \\\"/tmp/log\""
    try "distccd_flags=\"--daemon
touch /tmp/ran\""
    try "distccd_flags=\"--allow 127.0.0.1 -- --daemon\""
    try distccd_runas=www "distccd_flags=\"--user distcc\""
    try distccd_pidfile=/var/run/a "distccd_flags=\"-P /var/run/b\""
    try distccd_pidfile=a.pid
    [ -e /tmp/ran ] && echo ran
    true
  '
  assert_output "--no-detach in distccd_flags does not start a daemon: leave it out
distccd is not running.
--inetd in distccd_flags does not start a daemon: leave it out
distccd is not running.
--wizard in distccd_flags does not start a daemon: leave it out
distccd is not running.
there is no account \"nosuch\": name another in distccd_runas
distccd is not running.
there is no account \"nosuch\": name another in distccd_runas
distccd is not running.
there is no account \"nosuch\": name another in distccd_runas
distccd is not running.
distccd_flags has a quote that does not end: --log-file \"/tmp/log
distccd is not running.
distccd_flags has more than one line: end each but the last with a backslash
distccd is not running.
distccd_flags has words after --, which distccd ignores: leave them out
distccd is not running.
distccd_runas and --user in distccd_flags name two accounts: leave one out
distccd is not running.
distccd_pidfile and -P in distccd_flags name two files: leave one out
distccd is not running.
the pid file \"a.pid\" is not an absolute path of plain characters
distccd is not running."
}

@test "root's account fails the start with the daemon's own sentence" {
  in_root '
    conf distccd_runas=root
    status_of service distccd onestart; ls /var/run; service distccd onestatus
  '
  assert_output --partial 'distccd: ERROR: will not serve jobs as "root"'
  assert_line 'status 1'
  assert_line 'distccd is not running.'
  refute_line 'distccd.pid'
}

@test "a stale pid file, and a link in its place, do no harm" {
  in_root '
    echo 1 >/var/run/distccd.pid
    status_of service distccd onestatus
    service distccd onestart 2>/dev/null
    service distccd onestop
    echo precious >/etc/precious
    ln -s /etc/precious /var/run/distccd.pid
    service distccd onestart 2>/dev/null
    stat -c "%F %U" /var/run/distccd.pid; cat /etc/precious; stat -c %U /etc/precious
    service distccd onestop
    mkdir /var/run/distccd.pid
    service distccd onestart 2>&1 | grep -o "cannot make the pid file.*"
  '
  assert_output "distccd is not running.
status 1
Starting distccd.
Stopping distccd.
Starting distccd.
regular file distcc
precious
root
Stopping distccd.
cannot make the pid file \"/var/run/distccd.pid\": choose another path with distccd_pidfile"
}

@test "a pid file of a dead process, of another program, or of nothing is stale: stop harms nobody, and start makes a new one" {
  in_root '
    sleep 100 & other=$!
    for text in 99999 $other "" abc; do
      echo "$text" >/var/run/distccd.pid
      status_of service distccd onestatus
      status_of service distccd onestop
      service distccd onestart 2>/dev/null
      [ "$(pid)" != "$text" ] && service distccd onestatus >/dev/null && service distccd onestop
    done
    kill -0 $other && echo lives; kill $other
    echo precious >/etc/precious; ln /etc/precious /var/run/distccd.pid
    service distccd onestart 2>/dev/null; cat /etc/precious; stat -c %U /etc/precious; service distccd onestop
    ls /var/run
  '
  local each="distccd is not running.
status 1
distccd not running? (check /var/run/distccd.pid).
status 1
Starting distccd.
Stopping distccd.
"
  assert_output "$each$each$each${each}lives
Starting distccd.
precious
root
Stopping distccd."
}

@test "after a crash status says so, and start works" {
  in_root '
    service distccd onestart 2>/dev/null; old=$(pid)
    kill -9 $old; gone $old
    status_of service distccd onestatus
    status_of service distccd onestop
    status_of service distccd onestart 2>/dev/null
    service distccd onestatus | sed "s/pid [0-9]*/pid N/"
  '
  assert_output "Starting distccd.
distccd is not running.
status 1
distccd not running? (check /var/run/distccd.pid).
status 1
Starting distccd.
status 0
distccd is running as pid N."
}

@test "a start while it runs changes nothing, not even with the prefix fast" {
  in_root '
    service distccd onestart 2>/dev/null; old=$(pid)
    conf distccd_enable=YES
    service distccd start >/dev/null 2>&1; echo "status $?"
    service distccd faststart >/dev/null 2>&1; echo "status $?"
    [ "$(pid)" = "$old" ] && service distccd status | sed "s/pid [0-9]*/pid N/"
  '
  assert_output "Starting distccd.
status 1
status 1
distccd is running as pid N."
}

@test "a port that is taken fails the start with the sentence, and leaves no pid file" {
  in_root '
    /usr/local/bin/node -e "require(\"net\").createServer().listen(3632)" & other=$!
    for _ in 1 2 3 4 5 6 7 8 9 10; do grep -q ":0E30 .* 0A " $proc/net/tcp6 && break; sleep 0.2; done
    status_of service distccd onestart 2>&1
    ls /var/run; kill $other; wait $other 2>/dev/null
    service distccd onestart 2>/dev/null; service distccd onestop
  '
  assert_output "Starting distccd.
distccd: ERROR: cannot listen on [::]:3632: another program listens there: stop it, or choose another port with --port
/usr/local/etc/rc.d/distccd: WARNING: failed to start distccd
status 1
Starting distccd.
Stopping distccd."
}

@test "a jail without IPv6 is served over IPv4, and the start says so" {
  in_root '
    echo 1 >$proc/sys/net/ipv6/conf/all/disable_ipv6
    conf "distccd_flags=\"--allow 127.0.0.1 --listen 127.0.0.1 --listen ::1 --log-file /tmp/log\""
    status_of service distccd onestart
    grep -c ":0E30 .* 0A " $proc/net/tcp; grep -c ":0E30 .* 0A " $proc/net/tcp6
    service distccd onestop
  '
  assert_line --partial 'Warning: cannot listen on [::1]:3632: this machine has no such address'
  assert_line 'status 0'
  assert_line 'Stopping distccd.'
}

@test "configtest says what would be served, or what is wrong, and starts nothing" {
  in_root '
    status_of service distccd oneconfigtest
    conf "distccd_flags=\"--jobs many\""
    status_of service distccd oneconfigtest
    service distccd onestatus; ls /var/run
  '
  assert_line 'serves: [::]:3632'
  assert_line 'as: distcc'
  assert_line --partial 'distccd: ERROR: '
  assert_line 'status 0'
  assert_line 'status 1'
  assert_line 'distccd is not running.'
  refute_line 'distccd.pid'
}

@test "compilers that update-distcc-symlinks found serve the client beside it, and its launcher takes FreeBSD's ways" {
  export COMPILER=1
  in_root '
    rm -r /usr/local/lib/distcc
    export NODE_OPTIONS=--require=/.host/here/platform.cjs
    /usr/local/libexec/distccd/finish-install
    readlink /usr/local/lib/distcc/cc /usr/local/libexec/distcc/cc
    head -c 4 /usr/local/libexec/distccd/distcc | tail -c 3; echo
    conf "distccd_flags=\"--allow 127.0.0.1 --log-file /tmp/log --log-level info\""
    service distccd onestart
    cd /tmp; mkdir distcc; echo "int main(void) { return 3; }" >a.c
    cc -c a.c -o local.o
    export HOME=/tmp DISTCC_DIR=/tmp/distcc DISTCC_HOSTS=127.0.0.1 DISTCC_FALLBACK=0 PATH=/usr/local/libexec/distcc:/usr/bin:/bin:/usr/local/bin
    status_of cc -c a.c -o agent.o
    ls /tmp/distcc/agent | grep -c "[.]pid"
    distcc --agent-status | sed -n "s/^jobs/an agent: jobs/p"
    DISTCC_AGENT=0 status_of cc -c a.c -o alone.o
    cmp local.o agent.o; cmp local.o alone.o
    grep -c COMPILE_OK /tmp/log
    rm a.c; cc -c a.c -o missing.o 2>/dev/null || echo failed
    distcc --agent-stop >/dev/null; /usr/sbin/service distccd onestop
  '
  assert_output "../../bin/distcc
../../bin/distcc
ELF
Starting distccd.
distccd: Warning: a compiler could get at the files of other jobs: this system has no fence for them
status 0
1
an agent: jobs: 0 at work, 0 waiting, 1 done
status 0
2
failed
Stopping distccd."
}

@test "inetd starts it by each line of the example; the client gets distcc's protocol and syslog the rest" {
  export COMPILER=1
  in_root '
    cd /tmp; mkdir distcc; echo "int main(void) { return 3; }" >a.c
    cc -c a.c -o local.o
    export HOME=/tmp DISTCC_DIR=/tmp/distcc DISTCC_FALLBACK=0 DISTCC_AGENT=0
    PATH=$PATH:/usr/local/bin
    /usr/local/libexec/distccd/finish-install
    sed "s/--inetd/--inetd --log-level info/" /usr/local/share/examples/distccd/inetd.conf.example >inetd.conf
    node /super-server.cjs /var/run/log 3632 inetd.conf & super=$!
    for _ in 1 2 3 4 5 6 7 8 9 10; do [ -e /tmp/ready ] && break; sleep 0.2; done
    grep -c . /tmp/ready
    for port in 127.0.0.1:3632 [::1]:3633 127.0.0.1:3634 [::1]:3634; do
      DISTCC_HOSTS=$port status_of distcc cc -c a.c -o far.o
      cmp local.o far.o; rm -f far.o
    done
    for _ in 1 2 3 4 5 6 7 8 9 10; do [ "$(grep -c "COMPILE_OK" /var/log/messages)" = 4 ] && break; sleep 0.2; done
    sed "s/[0-9]*\]/N]/; s/client.*COMPILE_OK.*/done/; s/ from.*//" /var/log/messages | sort | uniq -c
  '
  assert_output "3
status 0
status 0
status 0
status 0
      4 logger -t distccd[N] -p daemon.info compile
      4 logger -t distccd[N] -p daemon.info connection
      4 logger -t distccd[N] -p daemon.notice done"
}

@test "the package makes account, launcher and links, its daemon starts, and it leaves nothing behind" {
  export COMPILER=1 ACCOUNT=0
  node "$TOP/scripts/package-freebsd.mjs" --out "$BATS_TEST_TMPDIR" >/dev/null
  rm -r "$BATS_FILE_TMPDIR/stage"
  mkdir "$BATS_FILE_TMPDIR/stage"
  tar -xzf "$BATS_TEST_TMPDIR"/distccd-*.pkg -C "$BATS_FILE_TMPDIR/stage"
  in_root '
    rm -r /usr/local/lib/distcc
    script() { /usr/local/bin/node -p "JSON.parse(fs.readFileSync(\"/+MANIFEST\")).scripts[\"$1\"]" >/tmp/$1; NODE_OPTIONS=${env#*=} sh /tmp/$1; }
    find /usr/local ! -type d | sort >/tmp/before
    status_of script pre-install
    status_of script pre-install
    status_of script post-install
    grep distcc /etc/passwd /etc/group
    head -c 4 /usr/local/libexec/distccd/distcc | tail -c 3; echo
    ls /usr/local/lib/distcc /usr/local/libexec/distcc
    service distccd onestart 2>/dev/null; user; service distccd onestop
    ln -s /elsewhere /usr/local/libexec/distcc/mine
    status_of script pre-deinstall
    find /usr/local ! -type d | sort | cmp -s /tmp/before - || echo more; ls /usr/local/libexec/distcc; [ -e /usr/local/lib/distcc ] || echo gone
  '
  assert_output "Creating group 'distcc' with gid '561'.
Creating user 'distcc' with uid '561'.
status 0
status 0
status 0
/etc/passwd:distcc:*:561:561:Distcc user:/nonexistent:/usr/sbin/nologin
/etc/group:distcc:*:561:
ELF
/usr/local/lib/distcc:
cc

/usr/local/libexec/distcc:
cc
Starting distccd.
user 561
Stopping distccd.
status 0
more
mine
gone"
}

@test "the package's scripts leave this machine alone when pkg installs for another root" {
  in_root '
    mkdir -p /other/etc /other/usr/local/libexec/distcc; ln -s ../../bin/distcc /other/usr/local/libexec/distcc/cc
    for script in pre-install post-install pre-deinstall; do
      sed "s|%%PREFIX%%|/usr/local|" /.host/package/$script >/tmp/$script
      PKG_ROOTDIR=/other status_of sh /tmp/$script
    done
    grep -c "^pw in /other" /var/log/harness.log
    find /other/usr/local/libexec/; readlink /usr/local/lib/distcc/cc
  '
  assert_output "Creating group 'distcc' with gid '561'.
Creating user 'distcc' with uid '561'.
status 0
distccd: installed for another root: run /usr/local/libexec/distccd/finish-install there
status 0
status 0
4
/other/usr/local/libexec/
../../bin/distcc"
}

@test "the rc.d script and the package's scripts hold no bashism, and the script has the layout of FreeBSD's" {
  local script
  script=$BATS_FILE_TMPDIR/stage/usr/local/etc/rc.d/distccd
  for file in "$script" "$TOP"/packaging/freebsd-rc/package/*; do
    checkbashisms -f "$file"
    dash -n "$file"
    busybox sh -n "$file"
  done
  assert_equal "$(stat -c %a "$script")" 555
  assert_equal "$(tail -n 1 "$script")" 'run_rc_command "$1"'
  assert_equal "$(grep -oE '^(\. /etc/rc\.subr|name=|desc=|rcvar=|load_rc_config |command=|run_rc_command )' "$script" | tr -d ' =\n')" \
    './etc/rc.subrnamedescrcvarload_rc_configcommandrun_rc_command'
  run ! grep -nE '[[:blank:]]$|.{101}|%%' "$script"
  run ! grep -nE '(^|[^[:alnum:]_])(setsid|readlink -f|sed -i|pidof|pgrep|pkill|killall|/proc/)' "$script"
}
