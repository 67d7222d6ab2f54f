import { handedOnOptions } from '../../src/compiler/allow-list/handed-on-options.ts';
import { judgeWords } from '../../src/compiler/allow-list/judge-words.ts';
import { textFeatures, valuedFeatures } from '../../src/compiler/allow-list/feature-names.ts';
import { needlessPairs, needlessWords } from '../../src/compiler/allow-list/needless-options.ts';
import { permittedShapes, permittedWords } from '../../src/compiler/allow-list/permitted-options.ts';
import { findLocalOption, findRecordedOption } from '../../src/compiler/command/local-options.ts';
import { expandPreprocessorWords } from '../../src/compiler/command/preprocessor-words.ts';
import { expandResponseFiles, responseFileLimits } from '../../src/compiler/command/response-files.ts';
import { wordsOfResponseFile } from '../../src/compiler/command/response-text.ts';
import { scanArguments } from '../../src/compiler/command/scan-arguments.ts';
import { preprocessCommand, remoteCommand } from '../../src/compiler/command/split-command.ts';
import type { RemoteVerdict } from '../../src/compiler/verdict.ts';
import { expectThat, inputOf, textsOf } from './target.ts';
import type { Target } from './target.ts';

const commands: readonly [string, ...string[]] = [
  'gcc -O2 -g -Wall -c a.c -o a.o',
  'clang -std=c11 --target=x86_64-linux-gnu -Xclang -O2 -mllvm -x86-cmov-converter=false -c a.c',
  'g++ -x c++ -fPIC -fsanitize=address,undefined -march=x86-64-v2 -c a.cc -oa.o',
  'gcc -Wa,--noexecstack,--defsym,X=1 -Xassembler --defsym -Xassembler Y=2 --param a=1 -c a.c',
  'gcc -fdebug-prefix-map=/a=/b -ffile-prefix-map=/x=. -MD -MF a.d -DX=1 -I/usr/include -c a.c -o a.o',
  'gcc -x none -x assembler -S a.c -Wp,-MD,a.d -frandom-seed=1 -target x -G 8',
];

const dictionary: readonly [string, ...string[]] = [
  '\0',
  ...commands.flatMap((command) => command.split(' ')),
  ...permittedShapes.flatMap(({ start }) => [start, `${start}/x`, `${start}../x`]),
  ...[...valuedFeatures].map((name) => `-f${name}=`),
  ...needlessWords,
  ...needlessPairs,
  ...permittedWords,
  ...Object.values(handedOnOptions).flatMap(({ withNext }) => [...withNext.keys()]),
  '-fplugin=x.so',
  '-specs=x',
  '-wrapper',
  '-B/x',
  '@x',
  '--output=x',
  '-o',
  '-x',
  '-Xclang',
  '-load',
  '-Wl,-x',
  '-Wp,',
  '-Xpreprocessor',
  '-save-temps',
  '-fdump-tree-all=/x',
  '--',
  '-',
  '--plugin=x',
  '-fno-preprocessed',
  '-mmcu=',
  '../',
  '/etc/passwd',
  '=',
  ',',
  'b.c',
  '\n',
  '\u2028',
];

const optionsOnly = commands.map((command) => {
  const [, ...words] = command.split(' ');
  return inputOf(...words.filter((word) => !/^(?:-[co]|-oa\.o|a\.(?:c|cc|o))$/.test(word)));
});

const seeds = commands.map((command) => inputOf(...command.split(' '))) as [Buffer, ...Buffer[]];

/**
 * Options whose value may be a path, because it is only recorded; any other word with a slash would name a path.
 */
const writtenDown = new RegExp(
  `^-f(?:${[...textFeatures].map((name) => name.replaceAll('+', '\\+')).join('|')})=|^-W|^-R|^-d`,
);
const takesText = new Set([
  '--debug-prefix-map',
  '-fdebug-compilation-dir',
  '-Xassembler',
  '-Xclang',
  '--for-assembler',
]);

/** What the server would run of a command. */
function judgedSign(verdict: RemoteVerdict): string {
  const judgement = judgeWords(verdict);
  if (judgement.refused !== undefined) return `refused: ${judgement.refused.because}`;
  const { words, language } = judgement;
  for (const [at, word] of words.entries()) {
    expectThat(verdict.words.includes(word), `"${word}" is a word of the client's`);
    expectThat(!word.startsWith('@'), `"${word}" is not a file of options`);
    expectThat(!/\p{Cc}/u.test(word), `"${word}" has no control character`);
    const before = words[at - 1] ?? '';
    const free = writtenDown.test(word) || takesText.has(before) || /(?:prefix-map|compilation-dir)/.test(word);
    expectThat(!word.includes('/') || free, `"${word}" names no path`);
    expectThat(word.startsWith('-') || before.startsWith('-'), `"${word}" is not a second source`);
  }
  const compiler = verdict.words[0] ?? '';
  const again = scanArguments([compiler, ...words, '-x', language, '-c', 'a.c', '-o', 'a.o'], 'server');
  if (again.run === 'remotely') {
    const second = judgeWords(again);
    if (second.refused === undefined)
      expectThat(second.words.join('\0') === words.join('\0'), 'what was permitted once is permitted again');
    else throw new Error(`broken: what was permitted once is refused: ${second.refused.option}`);
  }
  return `${language}, ${Math.min(words.length, 9)} words`;
}

/** The allow list, as the server applies it. */
const allowList: Target = {
  name: 'allow-list',
  seeds: [...optionsOnly, ...seeds] as unknown as readonly [Buffer, ...Buffer[]],
  dictionary,
  read(input) {
    const texts = textsOf(input);
    // Most inputs are only options, so that they are looked at as such.
    const command = texts.includes('-c') ? texts : ['gcc', ...texts, '-c', 'a.c', '-o', 'a.o'];
    const verdict = scanArguments(command, 'server');
    return verdict.run === 'locally' ? 'no compile' : judgedSign(verdict);
  },
};

/** The argument scanner and the tables of options, as the client uses them. */
const scanner: Target = {
  name: 'arguments',
  seeds,
  dictionary,
  read(input) {
    const words = textsOf(input);
    expandPreprocessorWords(words);
    findRecordedOption(words);
    for (const at of words.keys()) findLocalOption(words, at, 'client');
    const verdict = scanArguments(words, 'client');
    if (verdict.run === 'locally') {
      expectThat(verdict.because !== '' && verdict.cure !== '', 'what stays here has a reason and a cure');
      return verdict.because.replaceAll(/"[^"]*"/g, '#');
    }
    const { source, output } = verdict;
    expectThat(words.includes(source), 'the source is a word of the command');
    const sent = scanArguments(remoteCommand(verdict, '/home/me'), 'server');
    if (sent.run === 'locally') throw new Error(`broken: a server takes what is sent: ${sent.because}`);
    expectThat(sent.source === source && sent.output === output, 'a server sees the same source and output');
    expectThat(judgeWords(sent).refused === undefined, 'a server permits what is sent');
    if (!verdict.preprocessed) expectThat(preprocessCommand(verdict).includes(source), 'the source is preprocessed');
    return `sent: ${Math.min(sent.words.length, 12)} words`;
  },
};

/** Files of options, the first text being the command and the others the files it may name. */
const responseFiles: Target = {
  name: 'response-files',
  seeds: [
    inputOf('gcc @1 -c a.c', '-O2 "-DX=a b" \'x y\' \\\n-g @2', '-Wall\t-Wextra\r\n'),
    inputOf('gcc @1 @1', '@1 @1'),
    inputOf('gcc -c @2', '', 'a\\ b.c "\\"" \'\''),
  ],
  dictionary: [
    '@1',
    '@2',
    ' ',
    '\n',
    '\t',
    '\r',
    '\v',
    '"',
    "'",
    '\\',
    '\\\n',
    '\\"',
    '\ufeff',
    '\u00ff\u00fe',
    'a.c',
    '-O2',
    '\0',
  ],
  read(input) {
    const [command = '', ...files] = textsOf(input);
    const words = command.split(' ');
    const reader = expandResponseFiles(words);
    let step = reader.next();
    let asked = 0;
    for (; step.done !== true; step = reader.next(files[Number(step.value) - 1])) asked += 1;
    expectThat(asked <= 10 * responseFileLimits.files + words.length, 'files that name each other end');
    const length = step.value.reduce((sum, word) => sum + word.length, 0);
    expectThat(length <= 2 * responseFileLimits.characters + input.length, 'what files bring has a limit');
    const parsed = files.map((file) => wordsOfResponseFile(file)?.length ?? -1);
    return `${Math.min(asked, 20)} files, ${parsed.map((count) => Math.min(count, 4)).join(' ')}`;
  },
};

export const optionTargets: readonly Target[] = [allowList, scanner, responseFiles];
