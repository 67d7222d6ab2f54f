import { expectOutput, judgeOutput } from '../../compiler/content/object-format.ts';
import { leavesTarget } from '../../compiler/command/cross-names.ts';
import { differenceOf, otherVersion } from '../../compiler/content/compiler-difference.ts';
import { versionsInText } from '../../compiler/content/fingerprint.ts';
import type { Fingerprint } from '../../compiler/content/fingerprint.ts';
import { versionsInObject } from '../../compiler/content/object-comment.ts';
import type { ReadPart } from '../../compiler/content/object-comment.ts';
import type { DistantHost } from '../hosts/host.ts';
import { CompilerUnfit, unlessInterrupted } from '../job/faults.ts';
import type { RemoteJob } from '../job/understand.ts';
import type { Effects } from './effects.ts';
import type { HostResponse, Output } from './host-answer.ts';
import { compilerOf, thisMachine } from './judge-answer.ts';

/** The fault of a host whose compiler is another one; the sentence is read after the host's name. */
export const otherCompiler = (sentence: string): CompilerUnfit => new CompilerUnfit(sentence, 'other');

/** What a job's own compiler is; undefined when nothing is to be compared with it. */
export function ownCompiler(job: RemoteJob, { compilers, interrupted }: Effects): Promise<Fingerprint | undefined> {
  return unlessInterrupted(compilers.own(job), interrupted);
}

/** What tells a host's compiler from the one here, by what the host has said of it; undefined when nothing does. */
export function toldDifference(
  job: RemoteJob,
  host: DistantHost,
  own: Fingerprint,
  { compilers }: Effects,
): string | undefined {
  const compiler = compilerOf(job);
  const there = compilers.told(host, compiler);
  const targetNamed = job.target !== undefined || namesTarget(job);
  return there === undefined ? undefined : differenceOf(there, { compiler, here: own, targetNamed });
}

/** Whether the command is clang's, and names what it compiles for itself. */
const namesTarget = ({ verdict }: RemoteJob): boolean =>
  !leavesTarget(verdict.words) && verdict.words.some((word) => /^--?target(?:$|=)/.test(word));

/** The end of an assembler text that is looked at: a compiler writes its version there. */
const endOfText = 2048;

/** The versions of compilers that an output names. */
async function versionsIn(output: Output, isText: boolean): Promise<string[]> {
  const read: ReadPart = Buffer.isBuffer(output)
    ? (from, length) => Promise.resolve(output.subarray(from, from + length))
    : output.read;
  const { length } = output;
  if (!isText) return versionsInObject(read, length);
  const size = Math.min(length, endOfText);
  return versionsInText((await read(length - size, size)).toString('latin1'));
}

/**
 * Checks now and then that what a host made comes from the same compiler as here: by what the host has said of it, and
 * by the version in the object itself. So nothing that another compiler made is kept, without a job for that alone.
 * @throws CompilerUnfit, Interrupted
 */
export async function judgeCompiler(
  job: RemoteJob,
  host: DistantHost,
  { status, object }: HostResponse,
  effects: Effects,
): Promise<void> {
  const compiler = compilerOf(job);
  const { compilers } = effects;
  if (status !== 0 || !compilers.isDue(job, host)) return;
  const own = await ownCompiler(job, effects);
  if (own === undefined) return;
  const { words, assemble } = job.verdict;
  const head = Buffer.isBuffer(object) ? object : object.head;
  const misfit = judgeOutput(head, expectOutput(words, assemble, thisMachine, own.target), object.length);
  if (misfit !== undefined) throw new CompilerUnfit(`has another ${compiler}: ${misfit.sentence}`, 'useless');
  const difference = toldDifference(job, host, own, effects);
  if (difference !== undefined) throw otherCompiler(difference);
  const versions = await versionsIn(object, assemble);
  const [first] = versions;
  // Some have none, as with -fno-ident or from assembler text: the next one is looked at.
  if (first === undefined) return;
  if (!versions.includes(own.version)) throw otherCompiler(otherVersion(compiler, first, own.version));
  compilers.isSame(job, host);
}
