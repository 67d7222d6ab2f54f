# Completion of distcc's commands in bash, installed under the name of each. test/unit/config/completions.test.ts
# compares the options with the programs' own tables.
# shellcheck shell=bash

# _distcc_words WORD...: completes one of these words.
_distcc_words() {
  mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
}

# _distcc_names KIND: completes files (f), directories (d) or users (u); after a directory typing can continue.
_distcc_names() {
  [ "$1" = u ] || compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "-$1" -- "$cur")
}

# Sets cur to the typed word, and prev to the option before it, also for "--name=value", where bash treats "=" as a
# word.
_distcc_look() {
  cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  if [ "$cur" = = ]; then
    cur=''
  elif [ "$prev" = = ]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
}

_distccd() {
  local cur prev
  _distcc_look
  case $prev in
    --log-level) _distcc_words emerg alert crit err warning notice info debug ;;
    --log-format) _distcc_words text json ;;
    --fence) _distcc_words auto full none ;;
    --user) _distcc_names u ;;
    --log-file | --pid-file | -P | --reload-file) _distcc_names f ;;
    --masquerade-dir) _distcc_names d ;;
    --allow | -a | --idle-exit | --input-cache | --job-lifetime | --jobs | -j | --lifetime | --listen | --max-memory | --nice | -N | --oom-score-adj | \
      --permit-option | --port | -p | --resident | --result-cache | --stats-allow | --stats-listen | --stats-port) ;;
    *)
      _distcc_words --allow --allow-private --check --daemon --enable-tcp-insecure --fence --help --idle-exit --inetd --input-cache \
        --job-lifetime --jobs --json --lifetime --listen --log-file --log-format --log-level --log-stderr --masquerade-dir \
        --max-memory --nice --no-detach --no-fifo --no-fork --no-tree --oom-score-adj --permit-option --pid-file --port --reload-file --resident --result-cache --show-compilers --show-policy --stats \
        --stats-allow --stats-listen --stats-port --user --verbose --version --wizard --zeroconf
      ;;
  esac
}

# Completes a compiler and its words as without distcc in front.
_distcc_compiler() {
  if declare -F _comp_command_offset >/dev/null; then
    _comp_command_offset "$1"
  elif declare -F _command_offset >/dev/null; then
    _command_offset "$1"
  elif [ "$COMP_CWORD" = "$1" ]; then
    mapfile -t COMPREPLY < <(compgen -c -- "$cur")
  else
    _distcc_names f
  fi
}

_distcc() {
  local cur prev
  _distcc_look
  case ${COMP_WORDS[1]} in
    --explain)
      if [ "$COMP_CWORD" -gt 1 ]; then
        _distcc_compiler 2
        return
      fi
      ;;
    --doctor)
      if [ "$COMP_CWORD" -gt 1 ]; then
        mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur")
        return
      fi
      ;;
    --agent-status | --summary)
      if [ "$COMP_CWORD" -gt 1 ]; then
        _distcc_words --json
        return
      fi
      ;;
    --trace)
      if [ "$COMP_CWORD" -gt 1 ]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
      fi
      ;;
  esac
  if [ "$COMP_CWORD" = 1 ] && [[ $cur == -* ]]; then
    _distcc_words --agent-status --agent-stop --doctor --explain --help -j --scan-includes --show-hosts --summary \
      --trace --version
  else
    _distcc_compiler 1
  fi
}

_lsdistcc() {
  local cur prev
  _distcc_look
  case $cur in
    -*) _distcc_words -c -d -g -h -k -l -m -n -o -P -p -r -t -v -x --version ;;
    *) mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur") ;;
  esac
}

_distccmon_text() {
  local cur prev
  _distcc_look
  _distcc_words --once --version
}

_distccmon_web() {
  local cur prev
  _distcc_look
  case $prev in
    --port) ;;
    *) _distcc_words --help --open --port --version ;;
  esac
}

_update_distcc_symlinks() {
  local cur prev
  _distcc_look
  case $prev in
    --distcc) _distcc_names f ;;
    --compiler-dir | --masquerade-dir | --root) _distcc_names d ;;
    # Names of compilers have no blanks.
    --without)
      # shellcheck disable=SC2046
      _distcc_words $(ls /usr/lib/distcc /usr/local/lib/distcc 2>/dev/null) ;;
    --with)
      # shellcheck disable=SC2046
      _distcc_words $(sed 's/#.*//' /etc/distcc/masquerade.without /usr/local/etc/distcc/masquerade.without 2>/dev/null) ;;
    *) _distcc_words --compiler-dir --distcc --dry-run --help --masquerade-dir --root --verbose --version \
      --with --without ;;
  esac
}

complete -F _distcc distcc
complete -F _distccd distccd
complete -F _lsdistcc lsdistcc
complete -F _distccmon_text distccmon-text
complete -F _distccmon_web distccmon-web
complete -F _update_distcc_symlinks update-distcc-symlinks
