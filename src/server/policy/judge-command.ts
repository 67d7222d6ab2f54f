import { basename } from 'node:path';
import type { Steps } from '../../basics/steps.ts';
import { judgeInSteps } from '../../compiler/allow-list/judge-words.ts';
import type { PermittedByAdministrator, RefusedOption } from '../../compiler/allow-list/judge-words.ts';
import { scanInSteps } from '../../compiler/command/scan-arguments.ts';
import { preprocessedExtension } from '../../compiler/names/source-name.ts';
import type { RemoteVerdict } from '../../compiler/verdict.ts';
import { quoted } from '../../wire/quoted.ts';
import type { PermittedCompilers } from './permitted-compilers.ts';
import { Refusal } from './refusal.ts';
import type { TreeCommand } from './tree-command.ts';

/** A compile as this server runs it, in the job's own folder and with names that exist only there. */
export interface JobCommand {
  readonly path: string;
  readonly argv: readonly string[];
  /** File names in the job's folder. */
  readonly input: string;
  readonly output: string;
  /** The client's name of its source, for the log. */
  readonly source: string;
  /** The client's name of its object, for the log. */
  readonly object: string;
}

/** The name if it is safe as a word of a command (not an option, a response file or a path), else `otherwise`. */
function plainName(name: string, otherwise: string): string {
  const bytes = Buffer.byteLength(name);
  return /^[^-@./][^/]*$/.test(name) && bytes <= 200 ? name : otherwise;
}

/**
 * The client's source name with the extension of preprocessed text. A source without line markers then has the same
 * name in the object's symbol table, and in messages, as in a local compile.
 */
function inputName(source: string): string {
  const name = basename(source);
  const extension = preprocessedExtension(source) ?? '.i';
  return plainName(name.replace(/\.[^.]*$/, extension), `source${extension}`);
}

/** Clients of distcc 3.4 show 199 bytes of a refusal: this many are left for the option and its reason. */
const roomForOption = 105;

function shown(option: string, room: number): string {
  let text = quoted(option);
  for (let length = room; text.length > room; length -= 1) text = quoted(`${option.slice(0, length)}...`);
  return text;
}

/** The refusal of an option, with reason and cure, short enough to be shown whole by every client. */
function refuse({ option, because }: RefusedOption): Refusal {
  const name = shown(option, roomForOption - because.length);
  return new Refusal(
    'option_refused',
    `the option ${name} is refused: it ${because}; the administrator can permit it by --permit-option`,
  );
}

/** The part of a server's policy about commands: the permitted compilers, and the permitted options. */
export interface CommandPolicy {
  readonly compilers: PermittedCompilers;
  readonly permittedOptions: PermittedByAdministrator | 'every option';
}

interface Names {
  readonly input: string;
  readonly output: string;
}

/**
 * The client's words with the job's file names in them, for a server that permits every option. The words that make it
 * a compile stand in front, where no option can take them as its value.
 */
function wordsAsGiven({ words, sourceAt, outputAt, joined, assemble }: RemoteVerdict, names: Names): string[] {
  const given = words.slice(1);
  given[sourceAt - 1] = names.input;
  given[outputAt - 1] = joined ? `-o${names.output}` : names.output;
  return [assemble ? '-S' : '-c', ...given];
}

/**
 * The server's own words, then the client's words that the allow list permits, none of which can take a server's word
 * as its value or repeat it.
 */
function* wordsByAllowList(verdict: RemoteVerdict, names: Names, permitted: PermittedByAdministrator): Steps<string[]> {
  const judgement = yield* judgeInSteps(verdict, permitted);
  if (judgement.refused !== undefined) throw refuse(judgement.refused);
  const { words, language } = judgement;
  return [verdict.assemble ? '-S' : '-c', '-o', names.output, '-x', language, names.input, ...words];
}

/** What a command is, and the program that it may have run. */
interface Admitted {
  readonly verdict: RemoteVerdict;
  readonly path: string;
  readonly name: string;
}

/** @throws Refusal when a command is not a compile, or names a compiler that is not permitted */
function* admit(argv: readonly string[], compilers: PermittedCompilers): Steps<Admitted> {
  const verdict = yield* scanInSteps(argv, 'server');
  if (verdict.run === 'locally')
    throw new Refusal('not_a_compile', `this server compiles only what can be distributed: ${verdict.because}`);
  const permission = compilers.permit(argv[0] ?? '');
  if ('refused' in permission) throw new Refusal('compiler_not_permitted', permission.refused);
  return { verdict, ...permission };
}

/**
 * Judges a command that compiles the client's own files, in steps: options that name files are harmless in its root.
 * @throws Refusal when it is not a compile, names a compiler that is not permitted, or holds an option that is refused
 */
export function* judgeTreeCommand(
  argv: readonly string[],
  { compilers, permittedOptions }: CommandPolicy,
): Steps<TreeCommand> {
  const command = yield* admit(argv, compilers);
  if (permittedOptions === 'every option') return command;
  const { refused } = yield* judgeInSteps(command.verdict, permittedOptions, 'files');
  if (refused !== undefined) throw refuse(refused);
  return command;
}

/**
 * Turns a client's command into the server's command, in steps, since it may be long.
 * @throws Refusal when it is not a compile, names a compiler that is not permitted, or holds an option that is refused
 */
export function* judgeCommand(
  argv: readonly string[],
  { compilers, permittedOptions }: CommandPolicy,
): Steps<JobCommand> {
  const { verdict, path, name } = yield* admit(argv, compilers);
  const input = inputName(verdict.source);
  const wished = plainName(basename(verdict.output), 'object.o');
  const output = wished === input ? 'object.o' : wished;
  const names = { input, output };
  const words =
    permittedOptions === 'every option'
      ? wordsAsGiven(verdict, names)
      : yield* wordsByAllowList(verdict, names, permittedOptions);
  return { path, argv: [name, ...words], input, output, source: verdict.source, object: verdict.output };
}
