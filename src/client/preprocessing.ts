import type { PhaseName } from '../job-state/job-record.ts';
import { missingMarkers } from '../compiler/line-markers.ts';
import { preprocessCommand } from '../compiler/split-command.ts';
import { preprocessedExtension } from '../compiler/source-name.ts';
import { systemReason } from '../system/error-text.ts';
import { readWaitStatus } from '../wire/wait-status.ts';
import { CannotDistribute, PreprocessorFailed } from './faults.ts';
import { placeOf } from './job.ts';
import type { RemoteJob } from './job.ts';
import { resultText } from './result-text.ts';
import type { Preprocessor, World } from './world.ts';

/** A source on its way to being preprocessed text; one preprocessor's work serves every host that is tried. */
export interface Preprocessing {
  /** The text; rejects with PreprocessorFailed or CannotDistribute. */
  readonly text: Promise<Buffer>;
  /** Ends the preprocessor when it is still at work. */
  stop(): Promise<void>;
}

const waiting: PhaseName = 'Preprocess';

/** Tells a fault of the source, which the user has read, from a preprocessor that did not do its work. */
function judge(status: number, name: string, world: World): void {
  const end = readWaitStatus(status);
  const text = resultText(`cpp ${name} on localhost`, status);
  if (end.kind === 'killed') throw new CannotDistribute(text);
  world.log.info(text);
  if (end.code !== 0) throw new PreprocessorFailed(end.code);
}

async function textOf(preprocessor: Preprocessor, name: string, world: World): Promise<Buffer> {
  let status: number;
  try {
    status = await preprocessor.ended;
  } catch (error) {
    throw new CannotDistribute(`cannot start the preprocessor: ${systemReason(error)}`, { cause: error });
  }
  judge(status, name, world);
  return preprocessor.output();
}

/** Line markers stand within so many bytes when a text begins with them. */
const headBytes = 16 * 1024;

/** Reads a text that is preprocessed already, and puts the names of this machine in front where it lacks them. */
function readPreprocessed({ verdict, directory }: RemoteJob, path: string, world: World): Buffer {
  try {
    const text = world.readSource(path);
    const markers = missingMarkers(verdict, text.subarray(0, headBytes).toString(), directory);
    return markers === '' || text.length === 0 ? text : Buffer.concat([Buffer.from(markers), text]);
  } catch (error) {
    throw new CannotDistribute(`cannot read "${path}": ${systemReason(error)}`, { cause: error });
  }
}

/** Takes a preprocessor's place on this machine and starts it; a source that is preprocessed already is just read. */
export async function startPreprocessing(job: RemoteJob, cppSlots: number, world: World): Promise<Preprocessing> {
  const { source } = job.verdict;
  if (job.verdict.preprocessed) {
    const text = Promise.resolve(readPreprocessed(job, placeOf(job, source), world));
    return { text, stop: () => Promise.resolve() };
  }
  const slot = await world.slots.takeLocal(cppSlots, 'preprocess');
  world.state.show('local', waiting, { host: 'localhost', ...(slot === undefined ? {} : { slot: slot.slot }) });
  let preprocessor: Preprocessor;
  try {
    const command = { argv: preprocessCommand(job.verdict), environment: job.environment };
    if (world.log.writes('debug')) world.log.debug(`preprocessing: ${command.argv.join(' ')}`);
    preprocessor = world.preprocess(command, preprocessedExtension(source) ?? '.i');
  } catch (error) {
    slot?.lock.release();
    throw error;
  }
  const text = textOf(preprocessor, job.name, world).finally(() => slot?.lock.release());
  // Whoever waits for it gets the error; until then nobody may be waiting.
  text.catch(() => {});
  return { text, stop: () => preprocessor.stop() };
}
