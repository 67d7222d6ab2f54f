import { plainFeatures, textFeatures, valuedFeatures } from './feature-names.ts';
import {
  matching,
  number,
  oneOf,
  optionalWordList,
  parameter,
  standard,
  targetName,
  text,
  word,
} from './value-grammars.ts';
import type { Grammar } from './value-grammars.ts';

/** Options without a value that are permitted, in canonical form. */
export const permittedWords: ReadonlySet<string> = new Set(
  `
  --end-no-unused-arguments --no-default-config --start-no-unused-arguments
  -Bsymbolic -EB -EL -Qn -Qunused-arguments -Qy -ansi -canonical-prefixes -dynamic -emit-llvm
  -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang
  -integrated-as -no-canonical-prefixes -no-default-config -no-integrated-as -no-integrated-cpp -no-pie
  -nobuiltininc -nodefaultlibs -nogpuinc -nogpulib -nolibc -nopie -nostartfiles -nostdlib -nostdlib++
  -p -pedantic -pedantic-errors -pg -pie -pipe -posix -pthread -pthreads -rdynamic -s
  -shared -shared-libgcc -shared-libsan -static -static-libasan -static-libgcc -static-libsan -static-libstdc++
  -static-libtsan -static-libubsan -static-pie -symbolic -threads -traditional -trigraphs -v -w
  `
    .trim()
    .split(/\s+/),
);

/** Values of `-mcpu=` and its like that mean the processor of the server, or print a list. */
const notAProcessor: ReadonlySet<string> = new Set(['?', 'help', 'host', 'list', 'native']);

/** Features of which only a few values are permitted, because others name files. */
const spelledFeatures: ReadonlyMap<string, Grammar> = new Map([
  ['basic-block-sections', oneOf('all', 'labels', 'none')],
  ['diagnostics-format', oneOf('clang', 'json', 'json-stderr', 'msvc', 'sarif-stderr', 'text', 'vi')],
]);

/** Features whose name ends in a register, a function or a number. */
const featureFamilies: Grammar = matching(
  /(?:abi-version-|builtin-|call-saved-|call-used-|fixed-|inline-limit-|name-mangling-version-|template-depth-)\w+/,
);

/** A name that is not a path. */
const featureName: Grammar = matching(/[A-Za-z0-9][A-Za-z0-9_.+-]*/);

/**
 * Features that must not be turned off: the text would be preprocessed again, or other programs of the compiler would
 * run.
 */
const neededFeatures: ReadonlySet<string> = new Set(['integrated-cc1', 'integrated-objemitter', 'preprocessed']);

/** Splits `NAME=VALUE`. */
function halves(rest: string): readonly [name: string, value: string | undefined] {
  const sign = rest.indexOf('=');
  return sign === -1 ? [rest, undefined] : [rest.slice(0, sign), rest.slice(sign + 1)];
}

function isValueOfFeature(name: string, value: string): boolean {
  const spelled = spelledFeatures.get(name);
  if (spelled !== undefined) return spelled(value);
  return valuedFeatures.has(name) && optionalWordList(value);
}

/** What may follow `-f`: a listed name, or `no-` and any name, which only turns something off. */
const feature: Grammar = (rest) => {
  const [name, value] = halves(rest);
  if (!featureName(name)) return false;
  const negated = name.startsWith('no-');
  const plain = negated ? name.slice('no-'.length) : name;
  if (value !== undefined) return isValueOfFeature(plain, value) || (textFeatures.has(name) && text(value));
  return negated ? !neededFeatures.has(plain) : plainFeatures.has(plain) || featureFamilies(plain);
};

/**
 * Beginnings of names after `-m` that mean files, other programs, or options that are not for the processor
 * (`-module...`).
 */
const notForMachine =
  /^(?:no-)?(?:llvm|mlir|odule|ulti[_-]?(?:ply|mod)|devices-csv-loc|sys-crt0|sys-lib|log$|libarch|zos-|link-|gprel-sec|r0rel-sec|target-linker|ain-file|igrate|acabi|achine)/;

const machineName: Grammar = matching(/[a-z0-9][A-Za-z0-9.+_-]*/);

/** What may follow `-m`: any name, with a value that is a list of words. */
const machine: Grammar = (rest) => {
  const [name, value] = halves(rest);
  if (!machineName(name) || notForMachine.test(name)) return false;
  if (value === undefined) return true;
  return optionalWordList(value) && !notAProcessor.has(value.split('+')[0] ?? '');
};

/** What may follow `-W`: any name with at most two values, but not words for other programs (`-Wa,`). */
const warning: Grammar = (rest) => !/^[alp](?:,|$)/.test(rest) && warningName(rest);
const warningName = matching(/(?:[a-z0-9+#-][A-Za-z0-9+#_-]*)?(?:=[A-Za-z0-9_+:<>.,#-]*)?(?:=[A-Za-z0-9_+:<>.,#-]*)?/);

const debugLevels =
  /[0-3]|gdb[0-3]?|dwarf(?:-[2-6]|[2-6]|32|64|-aranges)?|lldb|sce|dbx|full|used|mlt|stabs\+?[0-3]?|xcoff\+?[0-3]?|coff[0-3]?|vms[0-3]?|btf[0-3]?|ctf[0-3]?|codeview|modules|z(?:=(?:none|zlib|zlib-gnu|zlib-gabi|zstd))?|line-tables-only|line-directives-only|toggle/;
const debugSwitches =
  /(?:no-)?(?:as-loc(?:view)?s?-support|as-locview-support|column-info|record-gcc-switches|record-command-line|statement-frontiers|variable-location-views(?:=incompat5)?|inline-points|internal-reset-location-views|strict-dwarf|pubnames|gnu-pubnames|describe-dies|inline-line-tables|codeview-ghash|codeview-command-line|omit-unreferenced-methods|heterogeneous-dwarf|template-alias|simple-template-names(?:=simple|=mangled)?|embed-source|key-instructions|call-site-info|structor-decl-linkage-names)/;

/** The beginning of a group of options, and what may follow it. */
export interface PermittedShape {
  readonly start: string;
  readonly rest: Grammar;
  /** What may follow, in words for an administrator. */
  readonly says: string;
}

/** The permitted shapes, longer beginnings before shorter ones. */
export const permittedShapes: readonly PermittedShape[] = [
  { start: '--driver-mode=', rest: oneOf('g++', 'gcc'), says: 'gcc or g++' },
  { start: '--param=', rest: parameter, says: 'NAME=WORD' },
  { start: '--rtlib=', rest: word, says: 'a word' },
  { start: '--target=', rest: targetName, says: 'a target, without a slash' },
  { start: '--unwindlib=', rest: word, says: 'a word' },
  { start: '-rtlib=', rest: word, says: 'a word' },
  { start: '-std=', rest: standard, says: 'a language standard' },
  { start: '-stdlib=', rest: matching(/[a-z+]+/), says: 'a library' },
  { start: '-unwindlib=', rest: word, says: 'a word' },
  { start: '-G', rest: number, says: 'a number' },
  { start: '-O', rest: matching(/(?:[0-9]{1,2}|s|z|g|fast)?/), says: 'a level of optimization' },
  { start: '-R', rest: matching(/(?:no-)?[a-z][a-z-]*(?:=[A-Za-z0-9_.|*^$()-]+)?/), says: 'a remark' },
  { start: '-W', rest: warning, says: 'any warning; no words for other programs' },
  { start: '-d', rest: matching(/[APp]+/), says: 'letters for comments in assembler text: A, P, p' },
  { start: '-f', rest: feature, says: 'a listed feature, or "no-" and any feature; words or a path map as its value' },
  {
    start: '-g',
    rest: matching(new RegExp(`(?:${debugLevels.source}|${debugSwitches.source})?`)),
    says: 'a listed kind',
  },
  { start: '-m', rest: machine, says: 'any switch of the processor; words as its value, but not "native"' },
];

/** The shape that a word for the driver has. */
function shapeOf(option: string): PermittedShape | undefined {
  return permittedShapes.find(({ start }) => option.startsWith(start));
}

/** Whether an option for the driver, in canonical form, is in the allow list. */
export function isPermittedOption(option: string): boolean {
  if (permittedWords.has(option)) return true;
  const shape = shapeOf(option);
  return shape !== undefined && shape.rest(option.slice(shape.start.length));
}
