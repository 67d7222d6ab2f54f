#!/usr/bin/env bats
# Stock 3.4 peers notice nothing of what our programs say to each other besides distcc's protocol: 600 jobs of 600, each
# way, plain and compressed, without a word of a client and with the objects of local compiles. A server offers more
# after each answer, and a client looks for that offer.

bats_require_minimum_version 1.5.0

JOBS=600

setup_file() {
  mkdir -m 755 "$BATS_FILE_TMPDIR/programs"
  chmod a+x "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
  export PATH=$BATS_FILE_TMPDIR/programs:/usr/local/bin:/usr/bin:/bin
  cd "$BATS_FILE_TMPDIR" || return 1
  # A compiler that takes no time: it adds the source, without its line markers, to an object. One job of ten has a
  # real one.
  echo 'int x;' | gcc -x c -c - -o template.o
  gcc -O1 -x c - -o programs/quickcc <<'END'
#include <stdio.h>
#include <string.h>
extern const char object[], object_end[];
__asm__(".section .rodata\n.global object, object_end\nobject: .incbin \"template.o\"\nobject_end:\n.previous");
int main(int count, char **words) {
  const char *source = NULL, *output = NULL;
  for (int at = 1; at < count; at++) {
    if (strcmp(words[at], "-o") == 0) output = words[++at];
    else if (words[at][0] != '-') source = words[at];
  }
  FILE *from = fopen(source, "r"), *to = fopen(output, "w");
  if (from == NULL || to == NULL) return 1;
  fwrite(object, 1, (size_t)(object_end - object), to);
  for (char line[999]; fgets(line, sizeof line, from) != NULL;)
    if (line[0] != '#') fputs(line, to);
  return fclose(to) != 0;
}
END
  seq $JOBS | awk '{
    real = $1 % 10 == 0; source = "job" $1 (real ? ".c" : ".i")
    print "int function_" $1 "(int x) { return x * " $1 "; }" >source; close(source)
    print (real ? "gcc" : "quickcc"), source
  }' >job-list
  mkdir local
  OUT=local all_jobs env
}

# all_jobs PROGRAM: each object goes to a file of its own; whatever is said is shown.
all_jobs() {
  # shellcheck disable=SC2016 # the words are for sh
  xargs -P 8 -n 20 sh -c 'while [ $# -gt 0 ]; do
    "$0" "$1" -O1 -c "$2" -o "$OUT/${2%.*}.o" || echo "$2: status $?"
    shift 2
  done' "$1" <job-list
}

setup() {
  load ../support/common.bash
  PORT=$(free_port)
  export DISTCC_DIR=$BATS_TEST_TMPDIR/distcc-dir
  mkdir -p "$DISTCC_DIR" "$BATS_TEST_TMPDIR/out"
  unset DISTCC_HOSTS
  export DISTCC_FALLBACK=0
  cd "$BATS_FILE_TMPDIR" || return 1
}
teardown() {
  DISTCC_HOSTS='' "$OURS/distcc" --agent-stop >/dev/null 2>&1 || true
  cd /
  end_noted
}

test_pair() {
  local client=$1 server=$2 option=$3 program log
  if [ "$server" = ours ]; then
    make_masks "$BATS_TEST_TMPDIR/masks" gcc quickcc "$(gcc -dumpmachine)-gcc"
    start_ours "$PORT" --jobs 8
    log=$BATS_TEST_TMPDIR/ours.$PORT.log
  else
    start_theirs "$PORT" --enable-tcp-insecure --jobs 8
    log=$BATS_TEST_TMPDIR/theirs.$PORT.log
  fi
  if [ "$client" = ours ]; then program=$OURS/distcc; else program=/usr/bin/distcc; fi
  export OUT=$BATS_TEST_TMPDIR/out DISTCC_HOSTS=127.0.0.1:$PORT/8$option
  run all_jobs "$program"
  assert_success
  assert_output ''
  run diff -r "$BATS_FILE_TMPDIR/local" "$OUT"
  assert_success
  assert_equal "$(find "$OUT" -name '*.o' | wc -l)" $JOBS
  wait_until eval "[ \$(grep -c COMPILE_OK '$log') -ge $JOBS ]"
  assert_equal "$(grep -c COMPILE_OK "$log")" $JOBS
  # No job was cut off, refused or done twice, and no server complains of a client.
  run grep -E 'COMPILE_ERROR|CLI_|BAD_REQ|OTHER|ERROR|Warning|WARNING|reset|unexpected' "$log"
  assert_output ''
}

for option in '' ,lzo; do
  bats_test_function --description "600 of 600 jobs of a stock client, ${option:-plain}" \
    -- test_pair theirs ours "$option"
  bats_test_function --description "600 of 600 jobs for a stock server, ${option:-plain}" \
    -- test_pair ours theirs "$option"
done
