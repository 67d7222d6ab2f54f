import { randomBytes } from 'node:crypto';
import { timeText } from '../../agent-state/status.ts';
import type { Environment } from '../../config/client-environment.ts';
import { NoAnswer } from '../../probe/no-answer.ts';
import type { HostState } from '../explain/host-states.ts';
import type { DistantHost, Host } from '../hosts/host.ts';
import { refusalIn } from './door.ts';
import type { Door } from './door.ts';
import { Findings } from './findings.ts';
import { compareObjects, judgeMade } from './judge-made.ts';
import type { Objects } from './judge-made.ts';
import { askPage } from './server-page.ts';
import { sshDoor } from './ssh-door.ts';
import { openTcpDoor } from './tcp-door.ts';
import { versionOf } from './trial.ts';
import type { Trial } from './trial.ts';
import type { Made, Order } from './try-compile.ts';

/** What a host is examined with. */
export interface Exam {
  readonly trials: readonly Trial[];
  readonly environment: Environment;
  /** What the agent, or the lock files, know of the host. */
  readonly state: HostState | undefined;
  /** All hosts of the list, and those that are examined. */
  readonly others: readonly Host[];
}

/** How much is sent to learn how fast the way is, in bytes. */
const sampleBytes = 2 * 1024 * 1024;
/** A way is slow below this many bytes a second: preprocessed sources have about a megabyte. */
const slowRate = 12e6;
/** A host is far away above this round trip, in ms. */
const farAway = 20;

async function attemptAt(door: Door, order: Order): Promise<Made | NoAnswer> {
  try {
    return await door.compile(order);
  } catch (error) {
    if (error instanceof NoAnswer) return error;
    throw error;
  }
}

function noteProtocol({ version }: DistantHost, offer: Made['offer'], findings: Findings): void {
  const tree = offer?.tree === true || offer?.later === true;
  const kept = offer?.results === true ? ', and keeps results' : '';
  const sources = tree ? `it takes sources as they are${kept}` : 'sources are preprocessed here for it';
  findings.well('protocol', `${version}; ${sources}`);
}

interface Tried {
  readonly objects: Objects;
  /** The first answer, and what was asked. */
  readonly first: { readonly trial: Trial; readonly made: Made } | undefined;
  /** Whether other checks make sense. */
  readonly goesOn: boolean;
}

/** Has the host compile each trial. */
async function tryAll(host: DistantHost, door: Door, { trials }: Exam, findings: Findings): Promise<Tried> {
  const objects: Objects[number][] = [];
  let first: Tried['first'];
  let isIn = false;
  for (const trial of trials) {
    const { argv, text } = trial;
    const made = await attemptAt(door, { version: host.version, argv, text });
    const language = trial.language.name;
    if (made instanceof NoAnswer) {
      const refusal = refusalIn(made);
      if (refusal === undefined) {
        const blamed = await door.blame(made, { language, name: argv[0] ?? '' }, findings);
        if (blamed === 'host') return { objects, first, goesOn: false };
        continue;
      }
      if (!isIn) door.admitted(findings);
      isIn = true;
      findings.wrong(language, `refused: ${refusal}`);
      continue;
    }
    if (!isIn) door.admitted(findings);
    isIn = true;
    if (first === undefined) noteProtocol(host, made.offer, findings);
    first ??= { trial, made };
    const { object } = made.response;
    if (judgeMade(trial, made, findings)) objects.push({ trial, object, version: await versionOf(object) });
  }
  return { objects, first, goesOn: true };
}

/** Notes whether the host takes what is compressed. */
async function checkCompression({ version }: DistantHost, door: Door, trial: Trial, findings: Findings): Promise<void> {
  if (version === 2) {
    findings.well('compression', 'lzo, by the host list');
    return;
  }
  const made = await attemptAt(door, { version: 2, argv: trial.argv, text: trial.text });
  if (made instanceof NoAnswer) findings.note('compression', `none: lzo does not work there (${made.message})`);
  else findings.well('compression', 'none, by the host list; lzo would work, with ",lzo" after the host');
}

/** Text that does not get smaller, as a comment that costs a compiler nearly nothing. */
function sample(): Buffer {
  const lines = randomBytes((sampleBytes * 3) / 4)
    .toString('base64')
    .replaceAll(/.{76}/g, '$&\n');
  return Buffer.from(`/* ${lines} */\n`);
}

const rateText = (rate: number): string =>
  rate < 10e6 ? `${(rate / 1e6).toFixed(1)} MB/s` : `${Math.round(rate / 1e6)} MB/s`;

/** Notes how fast the way to the host is. */
async function checkNetwork(
  host: DistantHost,
  door: Door,
  { trial, made }: NonNullable<Tried['first']>,
  findings: Findings,
): Promise<void> {
  const text = Buffer.concat([trial.text, sample()]);
  const large = await attemptAt(door, { version: host.version, argv: trial.argv, text });
  const roundTrip = door.network?.roundTrip;
  const trip =
    roundTrip === undefined ? [] : [`round trip ${roundTrip < 10 ? roundTrip.toFixed(1) : Math.round(roundTrip)} ms`];
  if (roundTrip !== undefined && roundTrip > farAway)
    findings.note('round trip', `${Math.round(roundTrip)} ms is far for short jobs: list nearer hosts first`);
  if (large instanceof NoAnswer) {
    findings.note('network', [...trip, `sending 2 MiB did not work (${large.message})`].join(', '));
    return;
  }
  const extra = large.seconds - made.seconds;
  const clear = extra > large.seconds / 5;
  const rate = sampleBytes / (clear ? extra : large.seconds);
  findings.well('network', [...trip, `${clear ? 'about' : 'at least'} ${rateText(rate)}`].join(', '));
  if (clear && rate < slowRate && host.version === 1)
    findings.note('network', 'that is slow for preprocessed sources: write ",lzo" after the host');
}

/** Notes how many jobs the host takes, and how busy it is. */
async function checkSlots(host: DistantHost, door: Door, { others }: Exam, findings: Findings): Promise<void> {
  const { slots } = host;
  // distccd has its page at the next port unless it is told otherwise. There another distccd may listen too.
  const isServer = others.some(
    (other) => other.kind === 'tcp' && host.kind === 'tcp' && other.name === host.name && other.port === host.port + 1,
  );
  const { network } = door;
  const page = network === undefined || isServer ? undefined : await askPage(network.address, network.port + 1);
  if (page === undefined) {
    findings.well(
      'slots',
      `${slots} by the host list; the server does not tell its own number or its load, as with --stats`,
    );
    return;
  }
  if (page.slots < slots)
    findings.note(
      'slots',
      `${slots} by the host list, and the server does ${page.slots} at a time: write "/${page.slots}"`,
    );
  else findings.well('slots', `${slots} by the host list, ${page.slots} at the server`);
  if (page.load !== undefined) findings.well('load', page.load.toFixed(2));
}

function noteState({ state }: Exam, findings: Findings): void {
  if (state?.rest === undefined) return;
  const why = state.rest.why === undefined ? 'it failed' : `it failed: ${state.rest.why}`;
  findings.note('agent', `gives it no jobs for ${timeText(state.rest.seconds)} more, because ${why}`);
}

/** Examines one host: the way to it, what it lets us do, and what its compilers make. */
export async function checkHost(host: DistantHost, exam: Exam): Promise<Findings> {
  const findings = new Findings();
  const door = host.kind === 'tcp' ? await openTcpDoor(host, findings) : sshDoor(host, exam.environment);
  if (door === undefined) return findings;
  if (exam.trials.length === 0 && !(await door.knock(findings))) return findings;
  const { objects, first, goesOn } = await tryAll(host, door, exam, findings);
  if (!goesOn) return findings;
  if (objects.length > 0) compareObjects(objects, findings);
  if (first !== undefined) {
    await checkCompression(host, door, first.trial, findings);
    await checkNetwork(host, door, first, findings);
  }
  await checkSlots(host, door, exam, findings);
  noteState(exam, findings);
  return findings;
}
