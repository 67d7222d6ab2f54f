import { dependsOnFolder, expectOutput, judgeOutput } from '../../compiler/content/object-format.ts';
import { isOwnCompiler } from '../../compiler/names/target.ts';
import { exitStatus } from '../../basics/exit-status.ts';
import { readWaitStatus } from '../../wire/wait-status.ts';
import { CompilerUnfit, TransportError } from '../job/faults.ts';
import type { RemoteJob } from '../job/understand.ts';
import type { HostResponse } from './host-answer.ts';

/** The compiler's name as hosts get it. */
export function compilerOf(job: RemoteJob): string {
  return job.verdict.words[0] ?? '';
}

export const thisMachine = { architecture: process.arch, platform: process.platform };

/** Exit codes that mean "could not be run", which no compiler uses: distcc's own, and a shell's. */
const notRunCodes: ReadonlySet<number> = new Set([exitStatus.compilerMissing, 126, 127]);

/** Whether the compiler's plain name leads to a cross-compilation kit here, whose objects may be for any machine. */
function isKit(job: RemoteJob): boolean {
  const { compilerPath } = job;
  return dependsOnFolder(compilerOf(job)) && compilerPath !== undefined && !isOwnCompiler(compilerPath);
}

/**
 * Checks that an answer can come from the job's compiler. If not, the host is at fault, not the source.
 * @throws TransportError when the output is broken; CompilerUnfit when the host lacks the compiler, or has one for
 * another machine
 */
export function judgeAnswer(job: RemoteJob, { status, object }: HostResponse): void {
  const end = readWaitStatus(status);
  if (end.kind === 'exited' && notRunCodes.has(end.code)) {
    throw new CompilerUnfit(`has no ${compilerOf(job)}, or cannot run it`, 'missing');
  }
  if (status !== 0) return;
  const { words, assemble } = job.verdict;
  const head = Buffer.isBuffer(object) ? object : object.head;
  const misfit = judgeOutput(head, expectOutput(words, assemble, thisMachine), object.length);
  if (misfit === undefined) return;
  if (misfit.kind === 'broken') throw new TransportError(`the answer is not a compiler's: ${misfit.sentence}`);
  if (isKit(job)) return;
  throw new CompilerUnfit(`has another ${compilerOf(job)}: ${misfit.sentence}`, 'useless');
}
