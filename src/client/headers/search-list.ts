import type { CompilerAnswer } from './disk.ts';

/** Where a compiler looks for headers, as it says itself; directories are as it spells them. */
export interface SearchList {
  readonly quoted: readonly string[];
  readonly angled: readonly string[];
  /** It would look there too if they were there. */
  readonly missing: readonly string[];
  /**
   * All that it was told of, or passes over because another name leads to the same directory. clang gives a directory
   * with two names under either, so that its list alone does not tell what it depends on.
   */
  readonly named: readonly string[];
  /** Files that it reads by itself. */
  readonly implicit: readonly string[];
  /** Macros that it defines by itself; a body is undefined for one with parameters. */
  readonly definitions: ReadonlyMap<string, readonly (string | undefined)[]>;
  /** Files that make another compiler of it when they change. */
  readonly programs: readonly string[];
  /** Files of options that it takes without being told to: `clang.cfg` and its like. */
  readonly settings: readonly string[];
  /** Directories in which it has looked for the parts of other compilers, or for options. */
  readonly installations: readonly string[];
  readonly isClang: boolean;
  /** Whether it takes the time of __DATE__ and __TIME__ from SOURCE_DATE_EPOCH. */
  readonly keepsDate: boolean;
}

const directoryOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);
const unescape = (text: string): string => text.replaceAll(/\\(.)/g, '$1');

/** The lines of one list, which begin with a blank. */
function listed(lines: readonly string[], heading: string): string[] {
  const start = lines.indexOf(heading);
  if (start === -1) return [];
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => !line.startsWith(' '));
  return rest.slice(0, end).map((line) => line.slice(1));
}

/** Options of the compiler proper that name a directory in the next word. */
const naming = /^-(?:I|F|iquote|isystem|idirafter|(?:internal(?:-externc)?|c|cxx|objc|objcxx)-isystem)$/;

/** The directories in the compiler's own command, which stands in the first line that has one. */
function namedIn(lines: readonly string[]): string[] {
  const command = lines.find((line) => /^ .* (?:-E|-cc1) /.test(line)) ?? '';
  const words = [...command.matchAll(/"((?:[^"\\]|\\.)*)"|\S+/g)].map(([word, inside]) => unescape(inside ?? word));
  // clang writes those of CPATH in one word.
  return words.flatMap((word, at) =>
    naming.test(words[at - 1] ?? '') ? [word] : (/^-I(.+)/.exec(word)?.slice(1) ?? []),
  );
}

function allMatches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? '');
}

/** Reads what `cc -E -v -dD` of an empty file says; a string tells why that cannot be used. */
export function readSearchList({ status, stdout, stderr }: CompilerAnswer): SearchList | string {
  const text = stderr.toString('latin1');
  const lines = text.split('\n');
  if (status !== 0 || !lines.includes('End of search list.')) return 'the compiler does not say where it finds headers';
  const quoted = listed(lines, '#include "..." search starts here:');
  const angled = listed(lines, '#include <...> search starts here:');
  // gcc says so in each compile, which a host that lacks the file would not.
  const file = /^\S+: warning: (.*): not a directory$/m.exec(text)?.[1];
  if (file !== undefined) return `"${file}" is to be searched for headers, and is not a directory`;
  const special = [...quoted, ...angled].find((name) => / \((?:framework directory|headermap)\)$/.test(name));
  if (special !== undefined) return `"${special}" is not a plain directory of headers`;
  const output = stdout.toString('latin1');
  const named = allMatches(output, /^# \d+ "((?:[^"\\\n]|\\.)*)"/gm).map(unescape);
  const implicit = named.filter((name) => !/^(?:<.*>|\/dev\/null|.*\/\/|)$/.test(name));
  const definitions = new Map<string, (string | undefined)[]>();
  for (const [, name = '', parameters, body = ''] of output.matchAll(/^#define ([^\s(]+)(\([^)]*\))?[ ]?(.*)$/gm))
    definitions.set(name, [...(definitions.get(name) ?? []), parameters === undefined ? body.trim() : undefined]);
  const clang = /\bclang version (\d+)/.exec(text)?.[1];
  const candidates = allMatches(text, /^Found candidate GCC installation: (.*)\/[^/\n]+$/gm);
  const programs = allMatches(text, /^ "?(\/[^"\n]*?)"? (?:-E|-cc1) /gm).slice(0, 1);
  const settings = allMatches(text, /^Configuration file: (.*)$/gm);
  return {
    quoted,
    angled,
    missing: allMatches(text, /^ignoring nonexistent directory "(.*)"$/gm),
    named: [...new Set([...allMatches(text, /^ignoring duplicate directory "(.*)"$/gm), ...namedIn(lines)])],
    implicit: [...new Set(implicit)],
    definitions,
    programs: [...programs, ...settings],
    settings,
    // clang has such files since version 16, also beside itself.
    installations: [...new Set([...candidates, ...(Number(clang) >= 16 ? programs.map(directoryOf) : [])])],
    isClang: clang !== undefined,
    // clang has it since version 16.
    keepsDate: clang === undefined || Number(clang) >= 16,
  };
}
