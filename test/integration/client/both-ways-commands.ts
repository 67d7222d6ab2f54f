import { distccdProgram } from '../../support/daemon.ts';

/** A command for sh that is run by the compiler itself and by distcc, which has to do the same. */
export interface ShellCommand {
  readonly title: string;
  /** The files that it finds. */
  readonly files?: Readonly<Record<string, string>>;
  /**
   * `$CC` and `$CXX` are the compiler, or distcc and the compiler; `../$MASKS` is a folder with links to distcc, or an
   * empty one; `$DISTCC` is distcc, or empty.
   */
  readonly script: string;
  /** How many compiles the server does well for it. */
  readonly remote?: number;
  /** The same where hosts compile from inputs, which a private agent asks of none. */
  readonly remoteFromInputs?: number;
  /** Whether distcc has something to say about it too. */
  readonly speaks?: boolean;
}

const source = `#include "a.h"
#define TWICE(x) ((x) + (x))
int twice(int number) { return TWICE(number) + ONE; }
`;
const files = { 'a.c': source, 'a.h': '#define ONE 1\n', 'sub/b.c': '#include "../a.h"\nint b = ONE;\n' };

/** A host lacks the source, so that it cannot show lines of it: what warns there has -fno-diagnostics-show-caret. */
/** A function that is not used, many times: with -Wall each is worth more than a hundred bytes of messages. */
const noisy = Array.from({ length: 6000 }, (_, at) => `static int unused_function_${at}(void) { return ${at}; }\n`);

const pragmas = `#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-macros"
#define NOBODY_USES_IT 1
#pragma GCC diagnostic pop
int x;
`;

/** A name with a byte that is not UTF-8. */
const fallThrough = (comment: string): string =>
  `int f(int a) {\n  switch (a) {\n  case 1:\n    a = 3; ${comment}\n  case 2:\n    a++;\n  }\n  return a;\n}\n`;

const latin = `a=$(printf 'h\\344 x'); cp a.c "$a.c"`;

/** A program in the place of ssh, which serves on this machine. */
const sshHere = `shift 2; export TMPDIR=/tmp; exec '${process.execPath}' '${distccdProgram}' "$@"\n`;

/** Has the compile done by a host that ssh reaches, or not at all. */
const overSsh = (script: string, host: string): string =>
  `export DISTCC_SSH='sh ${script}' DISTCC_HOSTS=${host} DISTCC_FALLBACK=0`;

/** Ends the agent of a DISTCC_DIR that is this command's own. */
const stop = 'status=$?; test -z "$DISTCC" || $DISTCC --agent-stop >/dev/null 2>&1; exit $status';

const sources: readonly ShellCommand[] = [
  { title: 'a source without -o', script: '$CC -c a.c', files, remote: 1 },
  { title: 'optimised, with -g', script: '$CC -O2 -g -c sub/b.c -o b.o', files, remote: 1 },
  { title: 'a source elsewhere, and its object here', script: '$CC -c sub/b.c', files, remote: 1 },
  { title: '-o and its name in one word', script: '$CC -c a.c -osub/a.o', files, remote: 1 },
  { title: 'C++', script: 'cp a.c a.cc; $CXX -c a.cc', files, remote: 1 },
  { title: 'assembler text', script: '$CC -S a.c', files, remote: 1 },
  { title: 'a preprocessed source', script: 'gcc -E a.c -o a.i; rm a.h; $CC -c a.i', files, remote: 1 },
  {
    title: 'a preprocessed source from a fifo',
    script: 'mkfifo f.i; gcc -E a.c >f.i & $CC -c f.i; wait',
    files,
    remote: 1,
  },
  { title: 'a language that is taken back', script: '$CC -x c++ -x none -c a.c', files, remote: 1 },
  { title: 'text for the assembler', script: `printf '\\t.long 7\\n' >t.c; $CC -x assembler -c t.c`, remote: 1 },
  {
    title: 'text for the assembler that has a file read',
    script: `printf '\\t.incbin "a.h"\\n' >t.c; $CC -x assembler -c t.c`,
    files,
  },
  {
    title: 'text for the assembler that it warns of',
    script: `printf '\\t.warning "so"\\n' >t.c; $CC -x assembler -c t.c`,
    remote: 1,
  },
  { title: 'a source on stdin', script: 'echo "int x;" | $CC -x c -c - -o a.o' },
  { title: 'stdin for a command that is run here', script: 'echo "x y" | $CC -E -x c -' },
  { title: 'a language that is given', script: 'cp a.c a.txt; $CC -x c -c a.txt', files },
  { title: 'words from a file', script: 'echo "-c a.c -O2" >words; $CC @words -o a.o', files, remote: 1 },
  { title: 'two sources', script: '$CC -c a.c sub/b.c', files },
  { title: 'a program', script: 'echo "int main(void) { return 0; }" >m.c; $CC m.c -o m && ./m' },
  { title: 'its version', script: '$CC --version' },
  {
    title: 'a compiler that a link in PATH stands before',
    script: 'PATH="$PWD/../$MASKS:$PATH"; gcc -c a.c',
    files,
    remote: 1,
  },
  {
    title: 'a wrapper that is first in PATH',
    script: `mkdir bin; printf '#!/bin/sh\\nexec /usr/bin/gcc -DONE=7 -Wno-error "$@"\\n' >bin/gcc; chmod +x bin/gcc
      : >a.h; PATH="$PWD/bin:$PATH"; $CC -c a.c`,
    files,
  },
  { title: 'a source that is not there', script: '$CC -c none.c' },
  { title: 'a source that is a folder', script: 'mkdir d.c; $CC -c d.c' },
  { title: 'a source that nobody may read', script: 'chmod 0 a.c; test -r a.c && rm a.c; $CC -c a.c', files },
  { title: 'a folder that has been removed', script: 'mkdir g; cd g; rmdir ../g; $CC -c ../a.c -o ../a.o', files },
  {
    title: 'a folder that has been removed, and absolute names',
    script: 'top=$PWD; mkdir g; cd g; rmdir ../g; $CC -c "$top/a.c" -o "$top/a.o"',
    files,
  },
];

const dependencies: readonly ShellCommand[] = [
  { title: '-MD', script: '$CC -MD -c a.c', files, remote: 1 },
  { title: '-MMD of a source elsewhere', script: '$CC -MMD -c sub/b.c', files, remote: 1 },
  { title: '-MD with -o', script: '$CC -MD -c a.c -o sub/x.o', files, remote: 1 },
  { title: '-MD -MF', script: '$CC -MD -MF sub/x.dep -c a.c -o sub/x.o', files, remote: 1 },
  { title: '-MMD -MT and -MP', script: '$CC -MMD -MP -MT "all of it" -MFx.d -c a.c', files, remote: 1 },
  { title: '-MD -MQ', script: "$CC -MD -MQ '$(out)/a.o' -c a.c -o a.o", files, remote: 1 },
  { title: '-MD -S', script: '$CC -MD -S a.c', files, remote: 1 },
  { title: '-Wp,-MD', script: '$CC -Wp,-MD,x.d -c a.c', files, remote: 1 },
  { title: '-M', script: '$CC -M a.c', files },
  { title: '-MD -MF in a folder that is not there', script: '$CC -MD -MF none/x.d -c a.c', files },
  { title: '-MD of a source with an error', script: 'echo "#error no" >>a.c; $CC -MD -c a.c', files },
];

const outputs: readonly ShellCommand[] = [
  { title: 'an output in a folder that is not there', script: '$CC -c a.c -o none/a.o', files },
  { title: 'an output that is a folder', script: '$CC -c a.c -o sub', files },
  { title: 'an output that is the source', script: '$CC -c a.c -o a.c', files },
  { title: 'an output that is a link to the source', script: 'ln -s a.c a.o; $CC -c a.c -o a.o', files },
  { title: 'an output that is another name of the source', script: 'ln a.c a.o; $CC -c a.c -o a.o', files },
  { title: 'assembler text for a link to the source', script: 'ln -s a.c a.s; $CC -S a.c', files },
  { title: 'an old output', script: 'echo old >a.o; ln a.o b.o; chmod 755 a.o; $CC -c a.c', files, remote: 1 },
  { title: 'an old output that is read only', script: 'echo old >a.o; chmod 444 a.o; $CC -c a.c', files, remote: 1 },
  { title: 'an empty old output with a mode', script: ': >a.o; chmod 751 a.o; $CC -c a.c', files, remote: 1 },
  { title: 'a link to an old object', script: 'echo old >t; ln -s t a.o; $CC -c a.c', files, remote: 1 },
  { title: 'a link to an empty file', script: ': >t; ln -s t a.o; $CC -c a.c', files, remote: 1 },
  { title: 'a link to nothing', script: 'ln -s t a.o; $CC -c a.c', files, remote: 1 },
  { title: 'a link to old assembler text', script: 'echo old >t; ln -s t a.s; $CC -S a.c', files, remote: 1 },
  { title: 'assembler text for a fifo', script: 'mkfifo a.s; cat a.s >got & $CC -S a.c; wait', files, remote: 1 },
  { title: 'assembler text for /dev/stdout', script: '$CC -S a.c -o /dev/stdout | cat >got', files, remote: 1 },
  { title: 'assembler text for -', script: '$CC -S a.c -o -', files },
  { title: '-o /dev/fd/7', script: '$CC -c a.c -o /dev/fd/7 7>got', files, remote: 1 },
  { title: '-o /proc/self/fd/7', script: '$CC -S a.c -o /proc/self/fd/7 7>got', files, remote: 1 },
  { title: 'a umask', script: 'umask 077; $CC -MD -c a.c', files, remote: 1 },
  { title: 'a umask that leaves more', script: 'umask 002; $CC -c a.c -o sub/a.o', files, remote: 1 },
];

const messages: readonly ShellCommand[] = [
  { title: '#error', script: 'echo "#error no" >>a.c; $CC -c a.c', files },
  { title: '#warning', script: 'echo "#warning well" >>a.c; $CC -c a.c', files, remote: 1 },
  {
    title: 'a warning',
    script: 'echo "static int f(void) { return 0; }" >>a.c; $CC -Wall -fno-diagnostics-show-caret -c a.c',
    files,
    remote: 1,
  },
  { title: 'an error', script: 'echo "int f(void) { return y; }" >>a.c; $CC -c a.c', files, speaks: true },
  {
    title: 'an error that keeps the old object',
    script: 'echo old >a.o; echo "int" >>a.c; $CC -c a.c',
    files,
    speaks: true,
  },
  {
    title: '-Werror and a warning',
    script: 'echo "static int f;" >>a.c; $CC -Wall -Werror -c a.c',
    files,
    speaks: true,
  },
  {
    title: '-Werror and pragmas that -E does not heed',
    script: '$CC -Wunused-macros -Werror -c p.c',
    files: { 'p.c': pragmas },
    remoteFromInputs: 1,
  },
  {
    title: 'a megabyte of warnings',
    script: '$CC -Wall -fno-diagnostics-show-caret -c n.c',
    files: { 'n.c': noisy.join('') },
    remote: 1,
  },
  {
    title: 'comments that mark a fall-through',
    script: '$CC -Wextra -c f.c',
    files: { 'f.c': fallThrough('/* fall through */') },
    remote: 1,
  },
  {
    title: 'a fall-through that no comment marks',
    script: '$CC -Wextra -fno-diagnostics-show-caret -c f.c',
    files: { 'f.c': fallThrough('') },
    remote: 1,
  },
  { title: 'an option that is not one', script: '$CC -fnonsense -c a.c', files },
];

const surroundings: readonly ShellCommand[] = [
  {
    title: 'names in UTF-8',
    script: 'mkdir "ü x"; cd "ü x"; cp ../a.? .; mv a.c "ä b.c"; $CC -MD -c "ä b.c" -o "ö.o"',
    files,
    remote: 1,
  },
  {
    title: 'names with bytes that are not UTF-8',
    script: `${latin}; $CC -MD -g -c "$a.c" -o "$a.o"`,
    files,
  },
  {
    title: 'a folder with bytes that are not UTF-8',
    script: `${latin}; mkdir "$a"; cp sub/b.c "$a"; cd "$a"; $CC -g -c b.c`,
    files,
    remote: 1,
  },
  {
    title: 'words with bytes that are not UTF-8',
    script: `echo 'const char *t = TEXT;' >>a.c; $CC "$(printf '%sDTEXT="\\344\\303\\244"' -)" -c a.c`,
    files,
    remote: 1,
  },
  {
    title: 'a command line of a hundred kilobytes',
    script: `words=; for at in $(seq 2500); do words="$words -DSOMETHING_WITH_A_LONG_NAME_$at=$at"; done; $CC $words -c a.c`,
    files,
    remote: 1,
  },
  ...['@far', '@far,lzo'].map((host) => ({
    title: `${host}, which ssh reaches, from a folder and with a word that are not UTF-8`,
    script: `${latin}; mkdir "$a"; cp sub/b.c a.h "$a"; cd "$a"; ${overSsh('../ssh', host)}; $CC -DT="\\"$a\\"" -g -c b.c`,
    files: { ...files, ssh: sshHere },
  })),
  {
    title: 'stdin, stdout and stderr closed, and a host that ssh reaches',
    script: `${overSsh('./ssh', '@far')}; $CC -c a.c <&- >&- 2>&-`,
    files: { ...files, ssh: sshHere },
  },
  { title: 'closed stdin', script: '$CC -c a.c <&-', files, remote: 1 },
  { title: 'closed stdin, stdout and stderr', script: '$CC -MD -c a.c <&- >&- 2>&-', files, remote: 1 },
  { title: 'taken descriptors', script: '$CC -c a.c 3>three 4>four 9>nine; $CC -c sub/b.c 3<a.c', files, remote: 2 },
  {
    title: 'descriptors that are closed, which stay closed',
    script: `$DISTCC perl -e 'print STDERR join " ", grep { -e "/proc/$$/fd/$_" } 0..9' 5>five <&- >&-`,
  },
  {
    title: 'a DISTCC_DIR with spaces and letters beyond ASCII',
    script: `export DISTCC_DIR="$PWD/../distcc/d ä"; mkdir "$DISTCC_DIR" 2>/dev/null; $CC -c a.c; ${stop}`,
    files,
    remote: 1,
  },
  {
    title: 'a relative DISTCC_DIR',
    script: `export DISTCC_DIR=../distcc/relative; mkdir -p "$DISTCC_DIR"; $CC -c a.c; ${stop}`,
    files,
    remote: 1,
  },
  {
    title: 'DISTCC_LOG',
    script:
      'export DISTCC_LOG=../log; $CC -c a.c; test -z "$DISTCC" || { grep -q "exit: code 0" "$DISTCC_LOG" && rm "$DISTCC_LOG"; }',
    files,
    remote: 1,
  },
];

/** The table: each is run with a resident agent and with a private one, and compared with the compiler alone. */
export const commands: readonly ShellCommand[] = [
  ...sources,
  ...dependencies,
  ...outputs,
  ...messages,
  ...surroundings,
];
