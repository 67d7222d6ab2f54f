import { dependencyOutput } from '../../compiler/command/dependency-file.ts';
import { coloured } from '../../compiler/messages/colour-words.ts';
import type { Environment } from '../../config/client-environment.ts';
import type { HowSent, InputsRequest, InputsResponse, InputsEffects, Made } from '../compile/inputs-effects.ts';
import { findInputs, recallInputs } from '../headers/find-inputs.ts';
import type { HeaderGraph } from '../headers/header-graph.ts';
import type { Found, HeaderJob } from '../headers/inputs.ts';
import { serverName } from '../hosts/host.ts';
import type { DistantHost } from '../hosts/host.ts';
import { InputsFailed } from '../job/faults.ts';
import { pathIn } from '../job/understand.ts';
import type { RemoteJob } from '../job/understand.ts';
import { carryInputs } from './carry-inputs.ts';
import { changesOf } from './environment-changes.ts';
import type { InputHosts } from './input-hosts.ts';
import type { Assignment } from './assignment.ts';
import { LauncherDisk } from './launcher-disk.ts';
import { obstacleAt } from './output-obstacle.ts';
import type { Tally } from './tally.ts';

/** What all jobs of an agent share to have hosts compile from inputs. */
export interface SharedInputs {
  /** Who compiles from inputs; undefined where nobody is asked, since there is only one job. */
  readonly hosts: InputHosts | undefined;
  /** What is known of the files that jobs read. */
  readonly graph: HeaderGraph;
  /** Jobs of which the scanner has missed something. */
  readonly distrusted: Set<string>;
  readonly tally: Tally;
}

/** Jobs that no host compiles from their inputs: more than a few only come from a mistake of ours. */
const mostDistrusted = 10_000;

/** What tells the compile of one source from that of another. */
const trustKey = ({ directory, verdict }: RemoteJob): string => [directory, ...verdict.words].join('\0');

/** The files that a job writes, as its command names them. */
function outputsOf(verdict: RemoteJob['verdict']): readonly string[] {
  const dependencies = dependencyOutput(verdict);
  return [verdict.output, ...(dependencies.kind === 'file' ? [dependencies.path] : [])];
}

const headerJobOf = ({ verdict, directory, argv, environment }: RemoteJob): HeaderJob => ({
  source: verdict.source,
  argv: [argv[0] ?? '', ...verdict.words.slice(1)],
  directory,
  environment,
});

/** What one job needs to be compiled from its inputs; the launcher touches its files. */
export class JobInputs implements InputsEffects {
  readonly #assignment: Assignment;
  readonly #shared: SharedInputs;
  readonly #caller: { readonly environment: Environment; readonly stderrIsTerminal: boolean };

  constructor(
    assignment: Assignment,
    shared: SharedInputs,
    caller: { readonly environment: Environment; readonly stderrIsTerminal: boolean },
  ) {
    this.#assignment = assignment;
    this.#shared = shared;
    this.#caller = caller;
  }

  areTakenBy(host: DistantHost): boolean {
    return this.#shared.hosts?.offerOf(serverName(host)) === 'inputs';
  }

  mayBeAsked(host: DistantHost): boolean {
    return this.#shared.hosts?.mayBeAsked(serverName(host)) === true;
  }

  askOnce(host: DistantHost, ask: () => Promise<void>): Promise<void> | undefined {
    return this.#shared.hosts?.askOnce(serverName(host), ask);
  }

  meet(host: DistantHost): () => void {
    return this.#shared.hosts?.meetByJob(serverName(host)) ?? ((): void => {});
  }

  isMet(host: DistantHost): boolean {
    return this.#shared.hosts?.isMetByJob(serverName(host)) === true;
  }

  asking(host: DistantHost): Promise<void> | undefined {
    return this.#shared.hosts?.asking(serverName(host));
  }

  resultsAreKeptBy(host: DistantHost): boolean {
    return this.#shared.hosts?.keepsResults(serverName(host)) === true;
  }

  async obstacle({ verdict }: RemoteJob): Promise<string | undefined> {
    const { launcher } = this.#assignment;
    const outputs = outputsOf(verdict);
    const checked = await Promise.all(outputs.map((output) => launcher.checkOutput(verdict.source, output)));
    return outputs.map((output, at) => obstacleAt(checked[at], output)).find((obstacle) => obstacle !== undefined);
  }

  recall(job: RemoteJob): Found | undefined {
    return this.#isDistrusted(job) ? undefined : recallInputs(headerJobOf(job), this.#shared.graph);
  }

  async find(job: RemoteJob): Promise<Found> {
    if (this.#isDistrusted(job)) return { kind: 'preprocess', because: 'a host lacked something that it reads' };
    const { call, launcher } = this.#assignment;
    const disk = new LauncherDisk(launcher, changesOf(call.environment, job.environment));
    return findInputs(headerJobOf(job), disk, this.#shared.graph);
  }

  #isDistrusted(job: RemoteJob): boolean {
    const { distrusted } = this.#shared;
    return distrusted.size > 0 && distrusted.has(trustKey(job));
  }

  countSent(how: HowSent): void {
    this.#assignment.progress.sent(how);
    this.#shared.tally.countSent(how);
  }

  countReason(because: string): void {
    this.#assignment.progress.preprocessedBecause(because);
    this.#shared.tally.countReason(because);
  }

  distrust(job: RemoteJob): void {
    const { distrusted } = this.#shared;
    if (distrusted.size >= mostDistrusted) distrusted.clear();
    distrusted.add(trustKey(job));
  }

  carry(host: DistantHost, { verdict }: RemoteJob, request: InputsRequest): Promise<InputsResponse> {
    const { job, launcher, log, progress } = this.#assignment;
    const { hosts, graph } = this.#shared;
    if (hosts === undefined) return Promise.reject(new InputsFailed('no host is asked for that'));
    const { environment } = this.#caller;
    const known = graph.contents;
    const { premise } = request.found;
    const gate = premise && { source: verdict.source, outputs: outputsOf(verdict), ...premise };
    return carryInputs(host, request, { launcher, pid: job.pid, environment, log, progress, hosts, known, gate });
  }

  async compileAside(job: RemoteJob): Promise<Made> {
    const { call, launcher } = this.#assignment;
    const changes = changesOf(call.environment, job.environment);
    const reader = { stderrIsTerminal: this.#caller.stderrIsTerminal, environment: job.environment };
    const [, ...words] = coloured(job.verdict.words, reader);
    const { status, stdout, stderr } = await launcher.probe({ argv: [job.argv[0] ?? '', ...words], changes });
    const outputs = outputsOf(job.verdict).map((output) => pathIn(job, output));
    const [object, dependencyFile] = await launcher.fetch(outputs);
    const none = Buffer.alloc(0);
    return { status, stdout, stderr, object: object?.bytes ?? none, dependencies: dependencyFile?.bytes ?? none };
  }
}
