import { plainFeatures, textFeatures, valuedFeatures } from './feature-names.ts';
import { handedOnAs } from './canonical-word.ts';
import { handedOnOptions, llvmNames } from './handed-on-options.ts';
import { needlessPairs, needlessWords } from './needless-options.ts';
import { permittedShapes, permittedWords } from './permitted-options.ts';

const width = 100;

/** Words in indented lines of a readable width. */
function wrapped(words: Iterable<string>): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of [...words].sort()) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? `  ${word}` : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}

const prefixed = (start: string, names: Iterable<string>, end = ''): string[] =>
  [...names].map((name) => `${start}${name}${end}`);

/** The allow list as lines for an administrator; `permitted` are the options that the administrator has added. */
export function describeAllowList(permitted: readonly string[]): string[] {
  const { assembler, 'front end': frontEnd } = handedOnOptions;
  const pairs = (part: 'assembler' | 'front end', names: Iterable<string>): string[] =>
    prefixed(handedOnAs[part], names, ' VALUE');
  return [
    'A job is compiled when each of its options is here; "--NAME" is "-fNAME", as for gcc.',
    'permitted by the administrator:',
    ...(permitted.length === 0 ? ['  nothing'] : wrapped(permitted)),
    'permitted as they are:',
    ...wrapped(permittedWords),
    'permitted with what may follow:',
    ...permittedShapes.map(({ start, says }) => `  ${start}...: ${says}`),
    'permitted features, and "-fno-" before any feature:',
    ...wrapped(prefixed('-f', plainFeatures)),
    'permitted features with words or a number:',
    ...wrapped(prefixed('-f', valuedFeatures, '=')),
    'permitted features with a text that is written down:',
    ...wrapped(prefixed('-f', textFeatures, '=')),
    'permitted for the assembler: --noexecstack, -mNAME and their like, and',
    ...wrapped(pairs('assembler', assembler.withNext.keys())),
    "permitted for clang's front end: -O2, -Wno-NAME and their like, and",
    ...wrapped(pairs('front end', frontEnd.withNext.keys())),
    'permitted for LLVM:',
    ...wrapped(prefixed('-mllvm=-', llvmNames)),
    'left out, since preprocessed text needs them no more:',
    ...wrapped([...needlessWords, ...prefixed('', needlessPairs, ' VALUE')]),
  ];
}
