import { Failure } from '../../basics/failure.ts';
import { exitStatus } from '../../basics/exit-status.ts';
import type { Environment } from '../../config/client-environment.ts';
import { parseHostList } from '../hosts/host-list.ts';
import type { HostList, HostSource } from '../hosts/host-list.ts';
import { listFrom, sourceInVariable } from '../hosts/host-source.ts';
import { LauncherError } from './launcher.ts';
import type { HostsFile } from '../../wire/agent/job.ts';

/** Host lists that are kept; more than a few only come from a test or a mistake. */
const mostKept = 64;

/** The lists of hosts that jobs come with; equal texts give the same list, so that jobs that wait for it are alike. */
export class HostLists {
  readonly #lists = new Map<string, HostList>();

  /** The list of a job. @throws Failure (status 106) when it cannot be read */
  load(environment: Environment, { path, text, error }: HostsFile): HostList {
    const variable = sourceInVariable(environment);
    if (variable === undefined && path !== '' && error !== 0) {
      const reason = new LauncherError(error).message;
      throw new Failure(exitStatus.badHostSpecification, `cannot read "${path}": ${reason}`);
    }
    const file: HostSource | undefined = path === '' ? undefined : { name: path, text, places: 'lines' };
    return listFrom(variable ?? file, (source) => this.#parse(source));
  }

  #parse(source: HostSource): HostList {
    const key = `${source.name}\0${source.text}`;
    const known = this.#lists.get(key) ?? parseHostList(source);
    if (this.#lists.size >= mostKept) this.#lists.clear();
    this.#lists.set(key, known);
    return known;
  }
}
