import { basename } from 'node:path';
import { exitStatus } from '../../basics/exit-status.ts';
import { redirectOutputs } from '../../compiler/command/redirect-outputs.ts';
import { folderInRoot } from '../../system/fence/private-root.ts';
import type { Toolchain } from '../../system/fence/toolchain.ts';
import type { TreeFolder, TreeRoots } from '../../system/fence/tree-roots.ts';
import { StartError } from '../../system/processes/reaper.ts';
import { exited } from '../../wire/wait-status.ts';
import { closeAnswer, smallAnswer } from './answer.ts';
import type { Compiled } from './answer.ts';
import { unlessFull } from './full-disk.ts';
import { inJobFolder, notStarted, openResults, runCompiler } from './job-folder.ts';
import type { JobTools } from './job-folder.ts';
import type { ClientLog } from '../log/log-limit.ts';
import { Refusal } from '../policy/refusal.ts';
import { refusalOfRoot } from '../policy/root-refusal.ts';
import type { TreeCommand } from '../policy/tree-command.ts';
import { ResultFile } from './result-file.ts';
import { treeEnvironment } from './tree-environment.ts';

/** One compile of a client's own files, and who waits for it. */
export interface TreeJob {
  readonly command: TreeCommand;
  /** Where the client's files are, at their own paths. */
  readonly tree: TreeFolder;
  /** The client's working directory, absolute, as its compiler would name it. */
  readonly directory: string;
  /** The client's variables, as NAME=value; those that are not permitted are left out. */
  readonly environment: readonly string[];
  readonly signal: AbortSignal;
  readonly log: ClientLog;
}

/** What a compile of a client's own files left. */
export interface TreeCompiled extends Compiled {
  /** The dependency file; empty when none was asked for. */
  readonly dependencies: ResultFile;
}

const dependencyFile = '.dependencies';

/** The name in the job's folder: no option, no hidden file of ours. */
function objectName(output: string): string {
  const name = basename(output);
  return /^[^-.@/][^/]*$/.test(name) && Buffer.byteLength(name) <= 200 ? name : 'object.o';
}

/** How a compiler is called on a client's files: the client's words, with the outputs in the job's folder. */
export function wordsInTree(
  command: TreeCommand,
  { program }: Toolchain,
): { readonly argv: readonly string[]; readonly object: string } {
  const object = objectName(command.verdict.output);
  const words = redirectOutputs(
    { ...command.verdict, words: [program, ...command.verdict.words.slice(1)] },
    { object: `${folderInRoot}/${object}`, dependencies: `${folderInRoot}/${dependencyFile}` },
  );
  return { argv: [command.name, ...words.slice(1)], object };
}

/**
 * Compiles in a root made of a client's files, in a folder of its own, which is gone afterwards whatever happens; what
 * the compiler left is open, for the caller to close.
 * @throws the signal's reason when the job is given up; Refusal when this compiler cannot work so, or its result cannot
 * be sent
 */
export function runTreeJob(job: TreeJob, tools: JobTools & { readonly trees: TreeRoots }): Promise<TreeCompiled> {
  const { command, tree, directory } = job;
  const { trees } = tools;
  return inJobFolder(tools, async (folder) => {
    let argv: readonly string[] = [command.name];
    try {
      const [toolchain, locales] = await Promise.all([trees.toolchain(command.path), trees.locales()]);
      const words = wordsInTree(command, toolchain);
      argv = words.argv;
      const ended = await runCompiler({ path: command.path, argv }, folder, job, {
        ...tools,
        spawn: trees.inTree(tree, toolchain, directory),
        environment: treeEnvironment(tools.environment, job.environment, { directory, locales }),
      });
      const compiled = openResults(folder, ended, (open) => ({
        object: ended.status === 0 ? open(words.object, 'object') : ResultFile.empty,
        dependencies: open(dependencyFile, 'dependency file'),
      }));
      return await withoutOurNames(unlessFull(folder.path, compiledOrRefused(compiled)));
    } catch (error) {
      if (error instanceof StartError)
        return { ...notStarted({ path: command.path, argv }, error, job.log), dependencies: ResultFile.empty };
      throw refusalOfRoot(error) ?? error;
    }
  });
}

/** The fence says what it could not do where the compiler would have said its own; it ends like no compiler does. */
function compiledOrRefused(compiled: TreeCompiled): TreeCompiled {
  if (compiled.status !== exited(exitStatus.general)) return compiled;
  const said = compiled.stderr.length <= smallAnswer ? compiled.stderr.read().toString() : '';
  const trouble = /^distccd\[\d+\] ERROR: (.*)\n/.exec(said)?.[1];
  if (trouble === undefined) return compiled;
  closeAnswer(compiled);
  throw new Refusal('no_private_root', `no compile from source here: ${trouble}`);
}

/** A text with a name that the client does not know is none that a compile there would have written. */
async function withoutOurNames(compiled: TreeCompiled): Promise<TreeCompiled> {
  const { stderr, stdout, dependencies } = compiled;
  for (const text of [stderr, stdout, dependencies]) {
    if (!(await holds(text, `${folderInRoot}/`))) continue;
    closeAnswer(compiled);
    throw new Refusal(
      'unusable_output',
      'a message or dependency of the compiler names a path of this server: compile this file locally',
    );
  }
  return compiled;
}

/** Whether a file has some bytes somewhere. */
async function holds(file: ResultFile, wanted: string): Promise<boolean> {
  if (file.length <= smallAnswer) return file.read().includes(wanted);
  let end = Buffer.alloc(0);
  for await (const piece of file.pieces(64 * 1024)) {
    const text = Buffer.concat([end, piece]);
    if (text.includes(wanted)) return true;
    end = Buffer.from(text.subarray(Math.max(0, text.length - wanted.length + 1)));
  }
  return false;
}
