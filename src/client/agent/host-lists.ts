import { Failure } from '../../basics/failure.ts';
import { exitStatus } from '../../basics/exit-status.ts';
import type { Environment } from '../../config/client-environment.ts';
import { byteText } from '../../system/byte-text.ts';
import type { HostsFile } from '../../wire/agent/job.ts';
import { ChangingHosts, fixedHosts, keyOf } from '../hosts/changing-hosts.ts';
import type { JobHosts } from '../hosts/changing-hosts.ts';
import type { HostSource } from '../hosts/host-list.ts';
import { listFrom, longestList, sourceInVariable } from '../hosts/host-source.ts';
import { LauncherError } from './launcher-error.ts';
import type { Launcher } from './launcher.ts';

/** How many host lists are kept. Only a test or a mistake brings more than a few. */
const mostKept = 64;

/** The host lists of all jobs. Jobs with the same list share one object, so that the queue can treat them alike. */
export class HostLists {
  readonly #lists = new Map<string, ChangingHosts>();

  /**
   * The host list of a job. While jobs wait for its hosts, their launchers read a file again.
   * @throws Failure (status 106) when it cannot be read
   */
  load(environment: Environment, { path, text, error }: HostsFile, launcher: Pick<Launcher, 'read'>): JobHosts {
    const variable = sourceInVariable(environment);
    if (variable !== undefined) return this.#shared(variable).forJob(() => Promise.resolve(undefined));
    if (path === '') return fixedHosts(listFrom(undefined));
    if (error !== 0) {
      const reason = new LauncherError(error).message;
      throw new Failure(exitStatus.badHostSpecification, `cannot read "${path}": ${reason}`);
    }
    return this.#shared({ name: path, text, unit: 'lines' }).forJob(async () => {
      const found = await launcher.read(path);
      return 'bytes' in found && found.bytes.length < longestList ? byteText(found.bytes) : undefined;
    });
  }

  #shared(source: HostSource): ChangingHosts {
    const key = keyOf(source);
    const known = this.#lists.get(key);
    known?.update(source);
    const hosts = known ?? new ChangingHosts(source);
    if (known === undefined && this.#lists.size >= mostKept) this.#lists.clear();
    this.#lists.set(key, hosts);
    return hosts;
  }
}
