import { isClang } from '../names/compiler-family.ts';
import { baseName, preprocessedExtension } from '../names/source-name.ts';

/**
 * The languages that a server compiles, by the names that gcc and clang share for `-x`. None of them is preprocessed
 * there.
 */
export type JobLanguage =
  'assembler' | 'cpp-output' | 'c++-cpp-output' | 'objective-c-cpp-output' | 'objective-c++-cpp-output';

/**
 * What clients write after `-x`. The text is always preprocessed already: `-x c` would have it preprocessed again, with
 * the server's files.
 */
const spokenLanguages: ReadonlyMap<string, JobLanguage> = new Map([
  ['assembler', 'assembler'],
  ['c', 'cpp-output'],
  ['c++', 'c++-cpp-output'],
  ['c++-cpp-output', 'c++-cpp-output'],
  ['cpp-output', 'cpp-output'],
  ['objc++-cpp-output', 'objective-c++-cpp-output'],
  ['objc-cpp-output', 'objective-c-cpp-output'],
  ['objective-c', 'objective-c-cpp-output'],
  ['objective-c++', 'objective-c++-cpp-output'],
  ['objective-c++-cpp-output', 'objective-c++-cpp-output'],
  ['objective-c-cpp-output', 'objective-c-cpp-output'],
]);

/** The language of a source by the extension of its preprocessed text. */
const namedLanguages: ReadonlyMap<string, JobLanguage> = new Map([
  ['.i', 'cpp-output'],
  ['.ii', 'c++-cpp-output'],
  ['.mi', 'objective-c-cpp-output'],
  ['.mii', 'objective-c++-cpp-output'],
]);

/**
 * The language after `-x`: `by name` for `none`; `undefined` for one that is not served, such as Ada, headers, or
 * assembler that needs preprocessing.
 */
export function spokenLanguage(name: string): JobLanguage | 'by name' | undefined {
  return name === 'none' ? 'by name' : spokenLanguages.get(name);
}

/** Whether a driver compiles C as C++, by its name: `g++`, `clang++-19`, `x86_64-linux-gnu-g++`, `CC`. */
function isForCxx(compiler: string): boolean {
  return /(?:\+\+|^CC)[-0-9.]*$/.test(baseName(compiler));
}

/**
 * The language of a source without `-x`. `cxx` is whether an option makes the driver one for C++ (true) or for C
 * (false).
 */
export function languageOfSource(source: string, compiler: string, cxx: boolean | undefined): JobLanguage | undefined {
  const language = namedLanguages.get(preprocessedExtension(source) ?? '');
  if (!(cxx ?? isForCxx(compiler))) return language;
  if (language === 'cpp-output') return 'c++-cpp-output';
  // g++ compiles Objective-C as Objective-C.
  return language === 'objective-c-cpp-output' && isClang(compiler) ? 'objective-c++-cpp-output' : language;
}
