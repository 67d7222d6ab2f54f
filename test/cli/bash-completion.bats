#!/usr/bin/env bats
# The completions together with Debian's bash-completion, which finds them and completes the compiler.

bats_require_minimum_version 1.5.0

setup() {
  load ../support/common.bash
}

@test "bash-completion finds them, where they are installed, under the name of each command" {
  run -0 node "$TOP/scripts/install.mjs" --destdir "$BATS_TEST_TMPDIR/root"
  for name in distcc distccd lsdistcc distccmon-text distccmon-web update-distcc-symlinks; do
    run env "BASH_COMPLETION_USER_DIR=$BATS_TEST_TMPDIR/root/usr/share/bash-completion" bash --norc -ic '
      source /usr/share/bash-completion/bash_completion
      _completion_loader "$1"
      complete -p "$1"
    ' bash "$name"
    assert_output --regexp "complete -F _[a-z_]+ $name\$"
  done
}

@test "with bash-completion the words of the compiler are completed as without distcc" {
  run env COMPLETIONS="$TOP/packaging/completions/distccd.bash" bash --norc -ic '
    source /usr/share/bash-completion/bash_completion
    source "$COMPLETIONS"
    COMP_LINE="distcc gcc -fsanitize=addr" COMP_POINT=${#COMP_LINE}
    COMP_WORDS=(distcc gcc -fsanitize = addr) COMP_CWORD=4
    _distcc
    printf "%s\n" "${COMPREPLY[@]}"
  '
  assert_line --partial address
}
