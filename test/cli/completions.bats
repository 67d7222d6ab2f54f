#!/usr/bin/env bats
# The completions in a bash that has nothing else.

bats_require_minimum_version 1.5.0

setup() {
  load ../support/common.bash
  SCRIPT=$TOP/packaging/completions/distccd.bash
}

# complete_line WORD...: what bash would offer after these words, the last of which is being typed.
complete_line() {
  bash --norc -c '
    script=$1; shift
    source "$script"
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    spec=$(complete -p "$1"); spec=${spec#*-F }
    "${spec%% *}" 2>/dev/null
    printf "%s\n" "${COMPREPLY[@]}"
  ' bash "$SCRIPT" "$@"
}

@test "distccd completes its options and their values" {
  run -0 complete_line distccd --log-
  assert_output "$(printf '%s\n' --log-file --log-format --log-level --log-stderr)"
  run -0 complete_line distccd --log-level d
  assert_output debug
  run -0 complete_line distccd --log-format = j
  assert_output json
  run -0 complete_line distccd --port ''
  assert_output ''
  run -0 complete_line distccd --user roo
  assert_output root
  mkdir -p "$BATS_TEST_TMPDIR/masks/one"
  run -0 complete_line distccd --masquerade-dir "$BATS_TEST_TMPDIR/ma"
  assert_output "$BATS_TEST_TMPDIR/masks"
}

@test "distcc completes its own options first, then a compiler" {
  run -0 complete_line distcc --agent-
  assert_output "$(printf '%s\n' --agent-status --agent-stop)"
  run -0 complete_line distcc --agent-status -
  assert_output -- --json
  run -0 complete_line distcc --do
  assert_output -- --doctor
  run -0 complete_line distcc --doctor localh
  assert_line localhost
  run -0 complete_line distcc gc
  assert_line gcc
  run -0 complete_line distcc --explain gc
  assert_line gcc
  cd "$BATS_TEST_TMPDIR" && touch prog.c
  run -0 complete_line distcc gcc -c pro
  assert_output prog.c
}

@test "the others complete theirs" {
  run -0 complete_line lsdistcc -
  assert_line -- -x
  run -0 complete_line update-distcc-symlinks --d
  assert_output "$(printf '%s\n' --distcc --dry-run)"
  run -0 complete_line distccmon-web --o
  assert_output -- --open
  run -0 complete_line distccmon-text --
  assert_output "$(printf '%s\n' --once --version)"
}
