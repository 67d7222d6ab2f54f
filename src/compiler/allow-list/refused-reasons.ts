import { isPermittedOption, permittedShapes } from './permitted-options.ts';

const elsewhere = 'makes the compiler write another file than the object';
const headers = 'names a header, but a server gets preprocessed text';
const loadsCode = 'loads code into the compiler';
const modules = 'makes the compiler use modules of the server';
const nativeProcessor = 'means another processor on another machine';
const options = 'holds options of its own, which the allow list does not know';
const preprocesses = 'has preprocessed text preprocessed again, with files of the server';
const programs = 'chooses the programs that the compiler runs';
const readsFiles = 'makes the compiler read other files of the server';
const severalResults = 'makes more than one object, or something else';

/**
 * What refused options do, by their beginnings in canonical form. This table only explains: an option that is not in
 * the allow list is refused whether it is here or not.
 */
const reasons: ReadonlyArray<readonly [string, string]> = [
  ['--analyze', severalResults],
  ['--config', options],
  ['--coverage', elsewhere],
  ['-B', programs],
  ['-E', severalResults],
  ['-M', elsewhere],
  ['-ObjC', preprocesses],
  ['-Wa,', 'has the assembler do more than the allow list knows'],
  ['-Wl,', options],
  ['-Wp,', options],
  ['-X', options],
  ['-aux', elsewhere],
  ['-arch', severalResults],
  ['-cc1', options],
  ['-ccc-', programs],
  ['-coverage', elsewhere],
  ['-d', elsewhere],
  ['-fanalyze', severalResults],
  ['-fauto-profile', readsFiles],
  ['-fbranch-probabilities', readsFiles],
  ['-fcallgraph-info', elsewhere],
  ['-fcompare-debug', options],
  ['-fconfig', options],
  ['-fdirectives-only', preprocesses],
  ['-fdump', elsewhere],
  ['-ffpass-plugin', loadsCode],
  ['-fgcc-toolchain', programs],
  ['-fmodule', modules],
  ['-fno-preprocessed', preprocesses],
  ['-fopt-info', elsewhere],
  ['-foptimization-record', elsewhere],
  ['-foutput', elsewhere],
  ['-fpass-plugin', loadsCode],
  ['-fplugin', loadsCode],
  ['-fprebuilt-module', modules],
  ['-fprefix', programs],
  ['-fprofile', readsFiles],
  ['-frewrite-', preprocesses],
  ['-fsanitize-', readsFiles],
  ['-fsave-', elsewhere],
  ['-fspecs', programs],
  ['-fstack-usage', elsewhere],
  ['-ftest-coverage', elsewhere],
  ['-ftime-trace', elsewhere],
  ['-fwrapper', programs],
  ['-fxray', readsFiles],
  ['-gcc-toolchain', programs],
  ['-gsplit-dwarf', elsewhere],
  ['-include-pch', headers],
  ['-index-', elsewhere],
  ['-iplugindir', loadsCode],
  ['-ivfsoverlay', readsFiles],
  ['-mcpu=native', nativeProcessor],
  ['-march=native', nativeProcessor],
  ['-mtune=native', nativeProcessor],
  ['-save-', elsewhere],
  ['-serialize-diagnostics', elsewhere],
  ['-specs', programs],
  ['-time=', elsewhere],
  ['-vfsoverlay', readsFiles],
  ['-working-directory', 'moves the compiler out of its folder'],
  ['-wrapper', programs],
  ['-x', 'names a language that is not served'],
  ['@', 'makes the compiler read options from a file of the server'],
];

/** Why an option, in canonical form, is not permitted, as the end of a sentence that begins with it. */
export function reasonAgainst(option: string): string {
  const known = reasons.find(([start]) => option.startsWith(start));
  if (known !== undefined) return known[1];
  if (!option.startsWith('-')) return 'is a second file, or a word that belongs to no option';
  const name = option.split('=', 1)[0] ?? '';
  const valued = permittedShapes.some(({ start }) => start === `${name}=`) || isPermittedOption(`${name}=`);
  return valued ? 'has a value that the allow list does not know' : 'is not in the allow list of servers';
}
