import { basename } from 'node:path';
import { refusedOption } from '../compiler/refused-options.ts';
import { scanArguments } from '../compiler/scan-arguments.ts';
import { preprocessedExtension } from '../compiler/source-name.ts';
import type { PermittedCompilers } from './permitted-compilers.ts';
import { Refusal } from './refusal.ts';

/** A compile as this server runs it: in the job's own folder, with names that exist only there. */
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

/** A file of this name is safe as a word of a command line: no option, no response file, nothing outside the folder. */
function plainName(name: string, otherwise: string): string {
  const bytes = Buffer.byteLength(name);
  return /^[^-@./][^/]*$/.test(name) && bytes <= 200 ? name : otherwise;
}

/**
 * The client's own name with the extension of preprocessed text: a source without line markers then has the same name in its object's
 * symbol table, and in messages, as in a local compile.
 */
function inputName(source: string): string {
  const name = basename(source);
  const extension = preprocessedExtension(source) ?? '.i';
  return plainName(name.replace(/\.[^.]*$/, extension), `source${extension}`);
}

/**
 * Turns a client's command into ours.
 * @throws Refusal when it is no compile, names a compiler that is not permitted, or holds an option that is refused
 */
export function judgeCommand(argv: readonly string[], compilers: PermittedCompilers, everything: boolean): JobCommand {
  const verdict = scanArguments(argv, 'server');
  if (verdict.run === 'locally')
    throw new Refusal(`this server compiles only what can be distributed: ${verdict.because}`);
  const permission = compilers.permit(argv[0] ?? '');
  if ('refused' in permission) throw new Refusal(permission.refused);
  const option = everything ? undefined : refusedOption(argv);
  if (option !== undefined)
    throw new Refusal(
      `the option "${option.option}" is refused, because it ${option.because}: compile this file locally`,
    );
  const input = inputName(verdict.source);
  const wished = plainName(basename(verdict.output), 'object.o');
  const output = wished === input ? 'object.o' : wished;
  const words = verdict.words.slice(1);
  words[verdict.sourceAt - 1] = input;
  words[verdict.outputAt - 1] = verdict.joined ? `-o${output}` : output;
  // In front of everything a client wrote, so that no option can take this for its value and start the linker.
  words.unshift(permission.name, verdict.assemble ? '-S' : '-c');
  return { path: permission.path, argv: words, input, output, source: verdict.source, object: verdict.output };
}
