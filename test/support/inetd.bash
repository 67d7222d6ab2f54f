# Super-servers for the bats files: Debian's packages conflict with each other, so each is unpacked under .cache, once.
# shellcheck shell=bash

SERVERS=$TOP/.cache/inetd

unpack_servers() {
  [ -d "$SERVERS" ] && return 0
  local fresh=$SERVERS.$$ package
  mkdir -p "$fresh"
  (
    cd "$fresh" || exit
    apt-get -q -o APT::Sandbox::User=root download openbsd-inetd inetutils-inetd xinetd libwrap0 ucspi-tcp >/dev/null || exit
    for package in *.deb; do dpkg -x "$package" . || exit; done
    rm -f -- *.deb
  ) || { rm -rf "$fresh"; echo 'cannot fetch the super-servers' >&2; return 1; }
  mv "$fresh" "$SERVERS" 2>/dev/null || rm -rf "$fresh"
}

# super_server COMMAND...: in the background, with a bare environment, its messages in $BATS_TEST_TMPDIR/super.log.
super_server() {
  local libraries
  # Also of the whole system, which may have millions of other files.
  libraries=$(dirname "$(find "$SERVERS/lib/" "$SERVERS/usr/lib/" -name 'libwrap.so.0' 2>/dev/null | head -n 1)")
  env -i PATH=/usr/bin:/bin LD_LIBRARY_PATH="$libraries" "$@" >"$BATS_TEST_TMPDIR/super.log" 2>&1 3>&- </dev/null &
  note_pid $!
  wait_until listens "$PORT"
}

# The line of inetd.conf for the program and words given.
inetd_conf() {
  printf '127.0.0.1:%s stream tcp nowait.1000 %s %s %s\n' "$PORT" "$(id -un)" "$1" "$*" >"$BATS_TEST_TMPDIR/inetd.conf"
}

xinetd_conf() {
  local program=$1
  shift
  cat >"$BATS_TEST_TMPDIR/xinetd.conf" <<END
defaults
{
	log_type = FILE $BATS_TEST_TMPDIR/xinetd.log
	instances = 60
	cps = 0 0
}
service distccd
{
	type = UNLISTED
	socket_type = stream
	protocol = tcp
	wait = no
	user = $(id -un)
	bind = 127.0.0.1
	port = $PORT
	server = $program
	server_args = $*
}
END
}
