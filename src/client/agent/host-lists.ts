import { Failure } from '../../basics/failure.ts';
import { exitStatus } from '../../basics/exit-status.ts';
import type { Environment } from '../../config/client-environment.ts';
import { byteText } from '../../system/byte-text.ts';
import { parseHostList } from '../host-list.ts';
import type { HostList, HostSource } from '../host-list.ts';
import { hostFiles, listFrom, sourceInVariable } from '../host-source.ts';
import type { Launcher } from './launcher.ts';
import { LauncherError } from './launcher.ts';

/** What was read counts for this many ms. */
const readAgainAfter = 1000;
/** Host lists that are kept; more than a few only come from a test or a mistake. */
const mostKept = 64;
/** Errors of a file that is not there: the next one is looked at. ENOENT, EACCES, ENOTDIR. */
const absent: ReadonlySet<number> = new Set([2, 13, 20]);

interface Read {
  readonly source: HostSource | undefined;
  readonly at: number;
}

/** The lists of hosts that jobs name; equal texts give the same list, so that jobs that wait for it are alike. */
export class HostLists {
  readonly #now: () => number;
  readonly #read = new Map<string, Read>();
  readonly #lists = new Map<string, HostList>();

  /** `now` is a clock that only goes forward, in ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The list of a job. @throws Failure (status 106) when it cannot be read */
  async load(environment: Environment, launcher: Pick<Launcher, 'read'>): Promise<HostList> {
    const source = sourceInVariable(environment) ?? (await this.#fromFile(environment, launcher));
    return listFrom(source, (one) => this.#parse(one));
  }

  /** Each job has its own launcher read: a file that hangs keeps nobody else waiting. */
  async #fromFile(environment: Environment, launcher: Pick<Launcher, 'read'>): Promise<HostSource | undefined> {
    const paths = hostFiles(environment);
    const key = paths.join('\0');
    const before = this.#read.get(key);
    if (before !== undefined && this.#now() - before.at < readAgainAfter) return before.source;
    const contents = await launcher.read(paths);
    let source: HostSource | undefined;
    for (const [at, content] of contents.entries()) {
      const name = paths[at] ?? '';
      if ('bytes' in content) source = { name, text: byteText(content.bytes), places: 'lines' };
      else if (!absent.has(content.error)) {
        const reason = new LauncherError(content.error).message;
        throw new Failure(exitStatus.badHostSpecification, `cannot read "${name}": ${reason}`);
      }
    }
    if (this.#read.size >= mostKept) this.#read.clear();
    this.#read.set(key, { source, at: this.#now() });
    return source;
  }

  #parse(source: HostSource): HostList {
    const key = `${source.name}\0${source.text}`;
    const known = this.#lists.get(key) ?? parseHostList(source);
    if (this.#lists.size >= mostKept) this.#lists.clear();
    this.#lists.set(key, known);
    return known;
  }
}
