# What the tests on booted Debians share. SUITE names the release, DISTCCD_DEB the package under test.
# shellcheck shell=bash

TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
SUITE=${SUITE:-trixie}
DB=$TOP/test/support/debian-boot
DISTCCD_DEB=${DISTCCD_DEB:-$(find "$TOP/dist" -maxdepth 1 -name 'distccd_*.deb' | head -n 1)}
export TOP SUITE DB DISTCCD_DEB

load "$TOP/node_modules/bats-support/load.bash"
load "$TOP/node_modules/bats-assert/load.bash"

# Compilers, what our package and Debian's depend on, and nothing of either.
ROOT_PACKAGES=(gcc g++ clang libc6-dev make nodejs netbase libavahi-client3 libpopt0 libgssapi-krb5-2 adduser perl libwrap0 tcpd)

# build_root: $ROOT, a system to boot copies of.
build_root() {
  ROOT=$("$DB" build "$SUITE" "${ROOT_PACKAGES[@]}")
  export ROOT
}

# boot [OPTION...]: a fresh copy, in which `inside` runs commands until `shut_down`.
boot() {
  local file=${BATS_TEST_FILENAME##*/}
  MACHINE=distccd-$SUITE-$$-${file%%.*}
  export MACHINE
  "$DB" start "$MACHINE" "$ROOT" "$@"
}
# boot_with_package [OPTION...]: our package in a fresh copy, and something to compile.
boot_with_package() {
  build_root
  boot "$@"
  "$DB" install "$MACHINE" "$DISTCCD_DEB" >&2
  sources
}
shut_down() { [ -z "${MACHINE:-}" ] || "$DB" stop "$MACHINE"; }

# inside SCRIPT [WORD...]: a bash script in the machine that stops at the first error; the words are $1 and so on.
inside() {
  local script=$1
  shift
  "$DB" run "$MACHINE" bash -euo pipefail -c \
    "trap 'echo \"failed: \$BASH_COMMAND\" >&2' ERR; cd /root/build 2>/dev/null || cd /root; $FUNCTIONS; $script" inside "$@"
}

# The package as the next version, which upgrades start from or go to.
next_version() {
  local work
  work=$(mktemp -d "$BATS_RUN_TMPDIR/next.XXXXXX")
  dpkg-deb -R "$DISTCCD_DEB" "$work/tree"
  sed -i 's/^Version: .*/&+next/' "$work/tree/DEBIAN/control"
  dpkg-deb --root-owner-group -b "$work/tree" "$work/next.deb" >/dev/null
  echo "$work/next.deb"
}

# stock_client: 3.4's client, which cannot be installed beside our package, as the command "stock". Each call has a
# state of its own, since that client avoids a host for a minute after a failure; it asks this machine, and does
# nothing itself, unless told otherwise.
stock_client() {
  local debs
  debs=$("$DB" fetch "$ROOT" distcc)
  "$DB" push "$MACHINE" "$(echo "$debs"/distcc_*.deb)" /root/stock.deb
  inside '
    dpkg-deb -x /root/stock.deb /opt/stock
    cat >/usr/local/bin/stock <<END
#!/bin/bash
export DISTCC_DIR=\$(mktemp -d /var/tmp/state.XXXXXX)
export DISTCC_HOSTS=\${DISTCC_HOSTS:-127.0.0.1/20} DISTCC_FALLBACK=\${DISTCC_FALLBACK:-0}
status=0
/opt/stock/usr/bin/distcc "\$@" || status=\$?
rm -r "\$DISTCC_DIR"
exit \$status
END
    chmod 755 /usr/local/bin/stock'
}

# sources: small programs, what they compile to here, and a compiler that takes its time, permitted by name.
sources() {
  inside '
    mkdir -p /root/build /root/our-state /usr/local/lib/distcc
    cd /root/build
    printf "#include <stdio.h>\nint main(void) { return puts(\"hello\") < 0; }\n" >hello.c
    printf "#include <string>\nstd::string twice(const std::string &s) { return s + s; }\n" >twice.cc
    echo "int x = 1;" >plain.i
    gcc -O2 -c hello.c -o hello.local; g++ -O2 -c twice.cc -o twice.local; gcc -c plain.i -o plain.local
    printf "#!/bin/sh\nsleep \${SLOWLY:-3}\nexec gcc \"\$@\"\n" >/usr/local/bin/slowcc
    chmod 755 /usr/local/bin/slowcc
    ln -s /usr/bin/distcc /usr/local/lib/distcc/slowcc
  '
}

# The settings file of our package, as an administrator would leave it, and what it says to do then. (reset-failed:
# tests restart too often for systemd.)
edit_settings() { inside 'printf "%s\n" "$@" >/etc/default/distccd; systemctl reset-failed' "$@"; }
settings() {
  edit_settings "$@"
  inside 'systemctl restart distccd'
}

# eventually SCRIPT: the limit only ends a test that would hang.
eventually() {
  inside "for _ in \$(seq 300); do if { $1; } >/dev/null 2>&1; then exit 0; fi; sleep 0.1; done; echo 'never came true: $1' >&2; exit 1"
}

# What scripts in the machine may call: slow_run COUNT waits until that many slow compilers run.
export FUNCTIONS='slow_run() { local try; for try in $(seq 100); do [ "$(pgrep -cx slowcc)" -ge "$1" ] && return; sleep 0.1; done; return 1; }
main_pid() { systemctl show -P MainPID "${1:-distccd.service}"; }'

journal() { inside "journalctl --no-pager --output=cat --unit=${1:-distccd.service}"; }
