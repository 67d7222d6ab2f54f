import type { PhaseName } from '../../job-state/job-record.ts';
import { coloured } from '../../compiler/messages/colour-words.ts';
import { missingMarkers } from '../../compiler/command/line-markers.ts';
import { assemblerMayReadFiles } from '../../compiler/content/reading-assembler.ts';
import { preprocessCommand } from '../../compiler/command/split-command.ts';
import { bytesOf, byteText } from '../../system/byte-text.ts';
import { systemReason } from '../../system/error-text.ts';
import { readWaitStatus } from '../../wire/wait-status.ts';
import { OnlyHere } from '../job/faults.ts';
import type { RemoteJob } from '../job/understand.ts';
import { resultText } from '../job/result-text.ts';
import type { Command } from '../job/call.ts';
import type { Preprocessor, PreprocessorEnd, Effects } from './effects.ts';

/** The preprocessing of one source. It is done once and serves every host that is tried. */
export interface Preprocessing {
  /** Resolves with the size of the text when that is complete; rejects with OnlyHere. */
  readonly ready: Promise<number>;
  /** The text; rejects with OnlyHere. */
  text(): Promise<Buffer>;
  /** Cancels it if it still runs. */
  stop(): void;
}

const waiting: PhaseName = 'Preprocess';

/**
 * A failed preprocessor does not mean that the compile would fail: gcc 11 and 12 ignore some pragmas with -E, and a
 * wrapper may not know -E. So the compiler here runs the whole command.
 */
function judge({ status, obstacle }: PreprocessorEnd, name: string, effects: Effects): void {
  if (obstacle !== undefined) throw new OnlyHere(obstacle);
  const end = readWaitStatus(status);
  const text = resultText(`cpp ${name} on localhost`, status);
  effects.log.info(text);
  if (end.kind === 'killed' || end.code !== 0) throw new OnlyHere(text);
}

/** Enough bytes to hold the line markers that a text may begin with. */
const headBytes = 16 * 1024;

/** Adds line markers with the names of this machine to a text that was preprocessed already and lacks them. */
function withMarkers({ verdict, directory }: RemoteJob, text: Buffer): Buffer {
  const markers = missingMarkers(verdict, byteText(text.subarray(0, headBytes)), directory);
  return markers === '' || text.length === 0 ? text : Buffer.concat([bytesOf(markers), text]);
}

/** The preprocessor's command, with the compiler's name as the user gave it; undefined when the source needs none. */
function commandOf(job: RemoteJob, { log, stderrIsTerminal }: Effects): Command | undefined {
  if (job.verdict.preprocessed) return undefined;
  // Its stderr is a memory file, so it has to be told whether the user's is a terminal.
  const command = coloured(preprocessCommand(job.verdict), { stderrIsTerminal, environment: job.environment });
  const argv = [job.argv[0] ?? '', ...command.slice(1)];
  if (log.writes('debug')) log.debug(`preprocessing: ${argv.join(' ')}`);
  return { argv, environment: job.environment };
}

/** One preprocessor's run, which can be cancelled. */
class Work implements Preprocessing {
  readonly ready: Promise<number>;
  readonly #job: RemoteJob;
  readonly #preprocessor: Preprocessor;
  #text: Promise<Buffer> | undefined;
  #stopped = false;

  constructor(job: RemoteJob, preprocessor: Preprocessor, effects: Effects) {
    this.#job = job;
    this.#preprocessor = preprocessor;
    this.ready = this.#endOf(job, effects);
    // Those who wait for it get the error; this keeps Node from ending the process when nobody waits yet.
    this.ready.catch(() => {});
  }

  text(): Promise<Buffer> {
    this.#text ??= this.#fetch();
    return this.#text;
  }

  async #fetch(): Promise<Buffer> {
    await this.ready;
    const text = await this.#preprocessor.output();
    // The host might have other files with these names.
    if (this.#job.verdict.assemblerText && assemblerMayReadFiles(text))
      throw new OnlyHere(`"${this.#job.verdict.source}" has the assembler read files, or defines macros that may`);
    return this.#job.verdict.preprocessed ? withMarkers(this.#job, text) : text;
  }

  async #endOf(job: RemoteJob, effects: Effects): Promise<number> {
    let end: PreprocessorEnd;
    try {
      end = await this.#preprocessor.ended;
    } catch (error) {
      const what = job.verdict.preprocessed ? `read "${job.verdict.source}"` : 'start the preprocessor';
      throw new OnlyHere(`cannot ${what}: ${systemReason(error)}`, { cause: error });
    }
    // After stop() its result is not used, and the log already reports about the compiler.
    if (this.#stopped) throw new OnlyHere('the job is done in another way');
    judge(end, job.name, effects);
    return end.size;
  }

  stop(): void {
    this.#stopped = true;
    this.#preprocessor.stop();
  }
}

/**
 * Waits for a preprocessor's slot on this machine and starts it. A source that is preprocessed already is just read.
 */
export async function startPreprocessing(job: RemoteJob, cppSlots: number, effects: Effects): Promise<Preprocessing> {
  const command = commandOf(job, effects);
  if (command === undefined) return new Work(job, effects.preprocess(job, undefined), effects);
  effects.progress.begin('queue', 'here');
  const slot = await effects.slots.takeLocal(cppSlots, 'preprocess');
  effects.progress.begin('preprocess');
  effects.state.show('local', waiting, { host: 'localhost', ...(slot === undefined ? {} : { slot: slot.slot }) });
  let preprocessor: Preprocessor;
  try {
    preprocessor = effects.preprocess(job, command);
  } catch (error) {
    slot?.release();
    throw error;
  }
  const release = (): void => slot?.release();
  preprocessor.ended.then(release, release);
  return new Work(job, preprocessor, effects);
}
