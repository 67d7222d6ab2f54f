#!/usr/bin/env bats
# distccmon-gnome of distcc 3.4 shows a job of our client as it shows one of its own: pixel by pixel.

bats_require_minimum_version 1.5.0

setup() {
  load ../support/common.bash
  PORT=$(free_port)
  export DISTCC_DIR=$BATS_TEST_TMPDIR/distcc-dir HOME=$BATS_TEST_TMPDIR/home
  mkdir -p "$DISTCC_DIR" "$HOME" "$BATS_TEST_TMPDIR/work" "$BATS_TEST_TMPDIR/pixels"
  cd "$BATS_TEST_TMPDIR/work" || return 1
  echo 'int f(void) { return 1; }' >a.c
  unset DISTCC_HOSTS WAYLAND_DISPLAY
}
teardown() {
  cd /
  end_noted
}

# row: what is in the table's first row, left of the bar that shows how the job came to its phase. Xvfb's file is in the
# format of xwd: a header that begins with its size, 12 bytes for each colour of a table, then lines of 32-bit pixels.
row() {
  node -e '
    const { createHash } = require("node:crypto");
    const bytes = require("node:fs").readFileSync(process.argv[1]);
    const number = (at) => bytes.readUInt32BE(4 * at);
    const [pixels, line] = [number(0) + 12 * number(19), number(12)];
    const rows = [];
    for (let y = 26; y < 48; y += 1) rows.push(bytes.subarray(pixels + y * line, pixels + y * line + 4 * 200));
    const row = Buffer.concat(rows);
    const colours = new Set(Array.from({ length: row.length / 4 }, (_, at) => row.readUInt32LE(4 * at)));
    // A window without text has one colour, and so has a screen without a window.
    console.log(colours.size > 4 ? createHash("sha256").update(row).digest("hex") : "empty");
  ' "$BATS_TEST_TMPDIR/pixels/Xvfb_screen0"
}

is_drawn() {
  local before
  before=$(row)
  sleep 0.5
  [ "$before" != empty ] && [ "$(row)" = "$before" ]
}

shows() { /usr/bin/distccmon-text | grep -q "$1"; }

# picture CLIENT: the row of a new window while a job of the client is compiled.
picture() {
  rm -f "$BATS_TEST_TMPDIR/go"
  "$1" waitcc -c a.c -o "$2.o" 3>&- &
  local client=$! window
  note_pid "$client"
  wait_until shows 'Compile     a.c .* 127.0.0.1\[0\]'
  NO_AT_BRIDGE=1 /usr/bin/distccmon-gnome 3>&- >"$BATS_TEST_TMPDIR/window.log" 2>&1 &
  window=$!
  note_pid "$window"
  wait_until is_drawn
  row >"$BATS_TEST_TMPDIR/$2.row"
  kill "$window"
  wait_until is_gone "$window"
  touch "$BATS_TEST_TMPDIR/go"
  wait "$client"
}

@test "distccmon-gnome shows a job of our client as one of distcc 3.4's" {
  make_waiting_compiler
  start_theirs "$PORT" --enable-tcp-insecure --jobs 2
  export DISTCC_HOSTS=127.0.0.1:$PORT/2
  Xvfb -displayfd 1 -screen 0 700x300x24 -fbdir "$BATS_TEST_TMPDIR/pixels" -nolisten tcp 3>&- \
    >"$BATS_TEST_TMPDIR/display" 2>"$BATS_TEST_TMPDIR/xvfb.log" &
  note_pid $!
  wait_until test -s "$BATS_TEST_TMPDIR/display"
  DISPLAY=:$(cat "$BATS_TEST_TMPDIR/display")
  export DISPLAY
  picture /usr/bin/distcc theirs
  picture "$OURS/distcc" ours
  assert_equal "$(cat ../ours.row)" "$(cat ../theirs.row)"
  [ "$(cat ../ours.row)" != empty ]
}
