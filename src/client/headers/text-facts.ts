import { mayReadFiles } from '../../compiler/content/reading-assembler.ts';
import { readingsOf } from './clean-text.ts';
import type { Call } from './asking-macros.ts';
import { readCalls, readDefinitions, readDirectives } from './directives.ts';
import type { Reference } from './directives.ts';
import type { WantedMacros } from './wanted-macros.ts';

/** What in a text makes it one that has to be preprocessed here. */
export interface Obstacles {
  /** For any compile, as the end of a sentence that begins with the file. */
  readonly always: string | undefined;
  /** For C++ and Objective-C alone. */
  readonly modules: boolean;
  /** It uses __DATE__ or __TIME__. */
  readonly date: boolean;
}

/** What the scanner keeps of a text. */
export interface TextFacts {
  readonly references: readonly Reference[];
  readonly obstacles: Obstacles;
  /** All directives, for a hash that other lines do not change. */
  readonly lines: readonly string[];
  /** What the text defines of the macros that were asked about. */
  readonly definitions: ReadonlyMap<string, readonly (string | undefined)[]>;
  /** How it uses those macros with parameters that were asked about. */
  readonly calls: ReadonlyMap<string, readonly Call[]>;
}

/** A line of C++ modules, or of Objective-C's. */
const modules =
  /^[ \t]*(?:@import\b|(?:export[ \t]+)?(?:module|import)(?:[ \t]*[;:<"]|[ \t]+[A-Za-z_:<"][\w.:<>"/ \t-]*;)|export[ \t]+\w)/m;
const dependency = /\bGCC\s+dependency\b/;
const otherPragma = /^\s*pragma\s+(?:include_alias|clang\s+module|GCC\s+pch_preprocess)\b/;
/** A directive of the assembler, which a macro may make a string of; not `x.include` and `.include = 1`. */
const assembling = /incbin|(?:(?<![\w)\]])|\\(?:[fnrtv]|x[\da-f]+|[0-7]+))\.(?:include|mri)\b(?!\s*[=.,;)[])/i;
/** What a text with such a directive has, and is found faster. */
const assemblingParts = ['incbin', 'INCBIN', '.in', '.In', '.iN', '.IN', '.mri', '.Mri', '.MRI'];
/** `asm(".inc" NAME)`: the rest of the directive comes from a macro. */
const assembledByMacro = /\.(?:i|in|inc|incb|incbi|incl|inclu|includ)"\s*[A-Za-z_]/;

function obstacleIn(text: string): string | undefined {
  if (text.includes('__TIMESTAMP__')) return 'uses __TIMESTAMP__';
  if (text.includes('dependency') && dependency.test(text)) return 'has "#pragma GCC dependency"';
  const assembles = text.includes('asm') || text.includes('section');
  if (assemblingParts.some((part) => text.includes(part)) && assembling.test(text))
    return 'may have the assembler read files';
  if (assembles && assembledByMacro.test(text)) return 'may have the assembler read files';
  if (assembles && mayReadFiles(Buffer.from(text, 'latin1'))) return 'may have the assembler read files';
  return undefined;
}

/** Most texts have nothing to be kept: an empty table of each one's own would take more memory than all else of it. */
const none: ReadonlyMap<string, never> = new Map<string, never>();
const orNone = <T>(found: ReadonlyMap<string, T>): ReadonlyMap<string, T> => (found.size === 0 ? none : found);

/** What directive lines define of the macros that are asked about, and how they use them. */
export function searchLines(lines: readonly string[], macros: WantedMacros): Pick<TextFacts, 'definitions' | 'calls'> {
  const { calls } = macros;
  return {
    definitions: macros.size === 0 ? none : orNone(readDefinitions(lines, macros)),
    calls: calls === undefined ? none : orNone(readCalls(lines, calls)),
  };
}

const harmless: Obstacles = { always: undefined, modules: false, date: false };

/** What in the readings of a text, and in its directives, makes it one that has to be preprocessed here. */
export function readObstacles(readings: readonly string[], lines: readonly string[]): Obstacles {
  const found = {
    always:
      readings.map(obstacleIn).find((obstacle) => obstacle !== undefined) ??
      (lines.some((line) => otherPragma.test(line)) ? 'has a pragma that names other files' : undefined),
    modules: readings.some(
      (text) => (text.includes('import') || text.includes('export') || text.includes('module')) && modules.test(text),
    ),
    date: readings.some((text) => text.includes('__DATE__') || text.includes('__TIME__')),
  };
  return found.always === undefined && !found.modules && !found.date ? harmless : found;
}

/** Reads a text in all ways in which a compiler may; macros are those whose definitions or calls are wanted. */
export function readText(bytes: Buffer, macros: WantedMacros): TextFacts {
  const readings = readingsOf(bytes);
  const { references, lines } = readDirectives(readings);
  return { references, obstacles: readObstacles(readings, lines), lines, ...searchLines(lines, macros) };
}
