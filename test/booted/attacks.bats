#!/usr/bin/env bats
# Each form of the service compiles with every compiler, and a compiler that its client controls reaches nothing that
# is not its own.

bats_require_minimum_version 1.5.0

setup_file() {
  load ../support/booted.bash
  boot_with_package
  stock_client
  "$DB" push "$MACHINE" "$TOP/test/support/hostile-compiler.c" /root/build/
  inside '
    clang -O2 -c hello.c -o hello.clang; clang++ -O2 -c twice.cc -o twice.clang
    gcc -O2 hostile-compiler.c -o /usr/local/bin/hostilecc; ln -s /usr/bin/distcc /usr/local/lib/distcc/hostilecc
    cat >/usr/local/bin/listcc <<END
#!/bin/sh
exec >list.o
{ find / -maxdepth 2; find /usr/local /usr/share -maxdepth 1; } 2>&1 | grep -v "^/.job/[.]" | LC_ALL=C sort -u
echo "pids \$PPID and \$\$"
echo "HOME=\$HOME TMPDIR=\$TMPDIR"
END
    chmod 755 /usr/local/bin/listcc; ln -s /usr/bin/distcc /usr/local/lib/distcc/listcc
    echo "not for clients" | tee /tmp/marker >/var/tmp/marker
    # Another job, to be reached.
    ip netns add neighbour
    ip link add inner type veth peer name outer netns neighbour
    ip address add 192.0.2.1/24 dev inner; ip link set inner up
    ip -n neighbour address add 192.0.2.2/24 dev outer; ip -n neighbour link set outer up
    systemctl start distccd-port@3700
    cat >/usr/local/bin/attack <<END
#!/bin/bash
# Runs the hostile compiler there while another job waits with its source, and says what the former could do.
set -e
export DISTCC_HOSTS=\$1/20
stock slowcc -c plain.i -o slow.o & slow=\$!
until pgrep -x slowcc >/dev/null; do sleep 0.1; done
stock hostilecc -c plain.i -o attack.o
wait \$slow
cat attack.o
END
    chmod 755 /usr/local/bin/attack'
}
teardown_file() {
  load ../support/booted.bash
  shut_down
}
setup() { load ../support/booted.bash; }

# compiles HOST
compiles() {
  inside '
    export DISTCC_HOSTS=$1/20
    stock gcc -O2 -c hello.c -o hello.o; cmp hello.o hello.local
    stock g++ -O2 -c twice.cc -o twice.o; cmp twice.o twice.local
    stock clang -O2 -c hello.c -o hello.o; cmp hello.o hello.clang
    stock clang++ -O2 -c twice.cc -o twice.o; cmp twice.o twice.clang
    # These record more than the text that a server gets.
    stock gcc -g -O3 -fsanitize=address -c hello.c -o hello.o
    stock g++ -std=c++20 -flto -c twice.cc -o twice.o
    stock clang++ -flto=thin -c twice.cc -o twice.o
    # What a client sends is text, in which it may name any file.
    for file in /etc/passwd /proc/self/maps /sys/kernel/notes /var/tmp/marker; do
      echo "__asm__(\".incbin \\\"$file\\\"\");" >steal.c
      for compiler in gcc clang; do
        if stock $compiler -c steal.c -o steal.o 2>steal.txt; then echo "had $file" >&2; exit 1; fi
        grep -qE "file not found: $file|Could not find incbin file .$file|cannot open|Permission denied" steal.txt
      done
    done' "$1"
}

# attack HOST [RESULT]: no attack had a result there, or only this one.
attack() {
  run -0 inside 'attack "$1"' "$1"
  assert_line --regexp '^read /etc/shadow: '
  assert_equal "$(grep ': done$' <<<"$output")" "${2:-}"
}

# lists HOST: what a job sees of files and processes there is what the manual page says, and nothing else.
lists() {
  run -0 inside 'export DISTCC_HOSTS=$1/20; stock listcc -c plain.i -o list.o; cat list.o' "$1"
  # The toolchain's own folders differ between releases; nothing else may.
  assert_equal "$(grep -vE '^/(usr/(local/)?)?(lib|lib32|lib64|libx32|s?bin|libexec)$' <<<"$output")" "$(cat <<'END'
/
/.job
/.job/list.o
/.job/plain.i
/dev
/dev/null
/dev/urandom
/etc
/etc/alternatives
/etc/ld.so.cache
/tmp
/usr
/usr/local
/usr/share
/usr/share/locale
/usr/share/perl
/usr/share/perl5
pids 1 and 2
HOME=/.job TMPDIR=/.job
END
)"
}

@test "without a fence a hostile compiler gets far" {
  run -0 inside 'setpriv --reuid=distccd --regid=distccd --clear-groups bash -c "cd /var/tmp; hostilecc -c plain.i -o own.o; cat own.o"'
  for what in 'tcp 127.0.0.1' 'udp 127.0.0.1' 'tcp 192.0.2.1' 'tcp 192.0.2.2' 'tcp ::1' 'unix /run/systemd/journal/stdout' 'unix /run/systemd/journal/socket' 'socket netlink' 'read /etc/passwd' \
    'read /tmp/marker' 'read /proc/1/status' 'list /home' 'list /run/systemd/journal' 'write /dev/shm/mine' 'run a program from /tmp' \
    'signal another process' 'hear of other jobs' 'limit the daemon' 'hold back the daemon'; do
    assert_line "$what: done"
  done
}

@test "distccd.service: gcc, g++ and clang compile as here, and read no file of the machine" {
  compiles 127.0.0.1
}

@test "distccd.service: a hostile compiler reaches no network, no file of the machine, no program of its own and no other job" {
  attack 127.0.0.1
  lists 127.0.0.1
}

@test "distccd.service: on its client's own files a hostile compiler gets no further" {
  run -0 inside '
    # It is asked for its parts, and has to compile something, before it gets such a job.
    printf "#!/bin/sh\ncase \$* in *\"-c attack.c\"*) exec hostilecc \"\$@\" ;; *) exec gcc \"\$@\" ;; esac\n" >/usr/local/bin/treecc
    chmod 755 /usr/local/bin/treecc; ln -s /usr/bin/distcc /usr/local/lib/distcc/treecc
    export DISTCC_DIR=/root/our-state DISTCC_HOSTS=127.0.0.1 DISTCC_FALLBACK=0 DISTCC_VERBOSE=1 DISTCC_LOG=/root/build/log
    stock slowcc -c plain.i -o slow.o & slow=$!
    slow_run 1
    # Its own files do not count.
    mkdir /var/own; cd /var/own; echo "int attack;" >attack.c
    distcc treecc -c /root/build/hello.c -o hello.o
    rm "$DISTCC_LOG"; distcc treecc -c attack.c -o attack.o
    wait $slow
    distcc --agent-stop >/dev/null
    grep -q "compiled from [0-9]* inputs" "$DISTCC_LOG"
    cat attack.o'
  assert_line --regexp '^read /etc/shadow: '
  assert_equal "$(grep ': done$' <<<"$output")" ''
}

@test "distccd-port@.service, which has a network: the same" {
  compiles 127.0.0.1:3700
  # Only a PID namespace, and Landlock since Linux 6.12, keep signals in.
  local signals=''
  [ "$(printf '%s\n' 6.12 "$(uname -r)" | sort -V | head -n 1)" = 6.12 ] || signals='signal another process: done'
  attack 127.0.0.1:3700 "$signals"
  # It may make no namespaces, and says so.
  run -0 journal distccd-port@3700
  assert_line --partial 'jobs have no roots of their own here'
}

@test "distccd@.service, with Accept=yes: the same" {
  inside '
    mkdir -p /etc/systemd/system/distccd.socket.d
    printf "[Socket]\nAccept=yes\nMaxConnections=9\n" >/etc/systemd/system/distccd.socket.d/accept.conf
    systemctl daemon-reload; systemctl stop distccd.service; systemctl restart distccd.socket'
  compiles 127.0.0.1
  attack 127.0.0.1
  lists 127.0.0.1
}
