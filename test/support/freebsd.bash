# FreeBSD-shaped roots for the bats files: the staged package, and scripts that run in a root with each shell.
# shellcheck shell=bash

FREEBSD=$TOP/test/support/freebsd

stage_package() {
  node "$TOP/scripts/package-freebsd.mjs" --stage --out "$BATS_FILE_TMPDIR/stage" >/dev/null
  "$TOP/node_modules/.bin/esbuild" --log-level=warning --platform=node --format=cjs "$FREEBSD/super-server.ts" \
    --outfile="$BATS_FILE_TMPDIR/stage/super-server.cjs"
}

# What each script begins with: one permitted compiler, a log, programs that take the system for FreeBSD, and short
# words for what tests look at.
beginning='
mkdir -p /usr/local/lib/distcc && ln -s ../../bin/distcc /usr/local/lib/distcc/cc
env="NODE_OPTIONS=--require=/.host/here/platform.cjs"
echo "distccd_env=\"$env\"" >>/etc/rc.conf
: >/tmp/log; chmod 666 /tmp/log
conf() { printf "%s\n" "$@" >>/etc/rc.conf; }
pid() { cat "${1:-/var/run/distccd.pid}"; }
proc=/.host/proc
status_of() { "$@"; echo "status $?"; }
words() { tr "\0" " " <$proc/$(pid "$@")/cmdline; echo; }
user() { sed -n "s/^Uid:[^0-9]*\([0-9]*\).*/user \1/p" $proc/$(pid "$@")/status; }
gone() { for _ in 1 2 3 4 5 6 7 8 9 10; do [ -e $proc/$1 ] || return 0; sleep 0.2; done; return 1; }
'

# in_root SCRIPT: runs it in a new root with dash as /bin/sh, and in another one with busybox; both must print the same.
in_root() {
  local shell
  for shell in dash busybox; do
    STAGE=$BATS_FILE_TMPDIR/stage RC_SH=$shell "$FREEBSD/root" /bin/sh -c "$beginning$1" >"$BATS_TEST_TMPDIR/$shell" 2>&1 3>&- </dev/null ||
      echo "ended with $?" >>"$BATS_TEST_TMPDIR/$shell"
  done
  diff "$BATS_TEST_TMPDIR/dash" "$BATS_TEST_TMPDIR/busybox" || return 1
  run cat "$BATS_TEST_TMPDIR/dash"
}
