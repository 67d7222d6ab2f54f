import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/**
 * What stands for a file, a directory or a program in the value of an option, and is looked for in what the compiler
 * does.
 */
export const evil = 'evilval';

const names = ['gcc', 'g++', 'clang', 'clang++'];
const versions = ['', ...Array.from({ length: 13 }, (_, at) => `-${at + 9}`)];

function isThere(name: string): boolean {
  try {
    accessSync(join('/usr/bin', name), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The compilers of this machine: each version of gcc, g++ and clang that has a number, else the one without. */
export function installedCompilers(): string[] {
  return names.flatMap((name) => {
    const found = versions.map((version) => name + version).filter(isThere);
    const numbered = found.filter((one) => one !== name);
    return numbered.length > 0 ? numbered : found;
  });
}

function output(program: string, ...words: readonly string[]): string {
  const { stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', maxBuffer: 1 << 26, input: '' });
  return `${stdout ?? ''}\n${stderr ?? ''}`;
}

/** The first word of each line that begins with a dash, values and their descriptions taken off. */
function optionsIn(text: string): string[] {
  return text.split('\n').flatMap((line) => /^\s*(-[^\s,[]+)/.exec(line)?.[1]?.replace(/[<{|].*$/, '') ?? []);
}

const helpOfGcc = [
  'common',
  'optimizers',
  'target',
  'params',
  'warnings',
  'c',
  'c++',
  'objc',
  'undocumented',
  'joined',
  'separate',
];

/** The options that a compiler says it has, each once: for itself, and for the parts that it hands words on to. */
export function optionsOf(compiler: string): string[] {
  const clang = compiler.startsWith('clang');
  const own = clang
    ? [output(compiler, '--help-hidden'), output(compiler, '--autocomplete=-')]
    : [
        ...helpOfGcc.map((kind) => output(compiler, `--help=${kind}`)),
        output(compiler, '--completion=-'),
        output(compiler, '-v', '--help'),
      ];
  const handed = (start: string, text: string): string[] => optionsIn(text).map((word) => start + word);
  const parts = clang
    ? [
        ...handed('-Xclang ', output(compiler, '-cc1', '--help')),
        ...handed('-mllvm ', output(compiler, '-mllvm', '--help-hidden', '-c', '-x', 'c', '/dev/null')),
      ]
    : handed('-Wa,', output('as', '--help'));
  return [...new Set([...own.flatMap(optionsIn), ...parts])].filter((word) => word.length > 2 || /^-\w$/.test(word));
}

const values = [`=${evil}`, `=./${evil}`, `=/tmp/${evil}`, evil, ` ${evil}`, `,${evil}`, `=../${evil}`, '=1'];

/** For the forms that are only other words for the short one. */
const fewValues = [`=${evil}`, `=/tmp/${evil}`, `=../${evil}`];

const longForms: Readonly<Record<string, readonly string[]>> = {
  '-f': ['--', '--no-'],
  '-W': ['--warn-', '-Wno-error='],
  '-m': ['--machine-', '--machine='],
};

/** Every spelling of an option: itself, its negation, the long forms, and each with values that would be files. */
export function spellingsOf(option: string): string[] {
  const name = option.replace(/=.*$/, '');
  const [, letter = '', other = ''] = /^(-[fWm])(?:no-)?(.+)$/.exec(name) ?? [];
  const short = other === '' ? [name] : [name, `${letter}no-${other}`, letter + other];
  const long = other === '' ? [] : (longForms[letter] ?? []).map((start) => start + other);
  const withValues = (forms: readonly string[], some: readonly string[]): string[] =>
    forms.flatMap((form) => [form, ...some.map((value) => form + value)]);
  return [...new Set([option, ...withValues(short, values), ...withValues(long, fewValues)])];
}
