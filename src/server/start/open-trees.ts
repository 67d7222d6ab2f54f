import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemReason } from '../../system/error-text.ts';
import { openSpool, sweepSpools } from '../../system/files/temporary-folder.ts';
import type { Spool } from '../../system/files/temporary-folder.ts';
import type { TreeRootsFound } from '../../system/fence/tree-roots.ts';
import type { DaemonOptions } from '../../config/daemon-options.ts';
import type { Logger } from '../../logging/log-line.ts';
import type { TreeService } from '../connection/service.ts';
import { planInputs, quotaIn } from '../inputs/room.ts';
import { Sessions } from '../inputs/sessions.ts';
import { knownCodecs } from '../inputs/unpack.ts';
import type { Notices } from '../log/startup-notices.ts';
import { openResults } from './open-results.ts';
import type { ResultsFound } from './open-results.ts';

const treesPrefix = 'distccd-trees-';

/** Where contents and trees are. */
interface Place {
  readonly contents: string;
  readonly spool: Spool;
  /** Takes away what does not outlast the daemon. */
  readonly remove: () => Promise<void>;
}

/** One that outlasts the daemon. */
interface LastingPlace extends Place {
  readonly results: string;
}

/** How clients' own files are compiled here, or why they are not, as a sentence's end. */
export type TreesFound =
  | {
      readonly kind: 'offered';
      readonly service: TreeService;
      /** Left out when none are kept. */
      readonly results: ResultsFound | undefined;
      readonly remove: () => Promise<void>;
      readonly says: string;
    }
  | { readonly kind: 'lacking'; readonly lacks: string };

/** What compiling clients' own files is made with. */
export interface TreeSetup {
  readonly roots: () => TreeRootsFound;
  /** What compilers in these roots get, as NAME=value. */
  readonly compilerEnvironment: () => readonly string[];
  /** The daemon's own spool. */
  readonly spool: Spool;
  readonly log: Logger;
  /** Bytes of memory for requests and answers. */
  readonly memory: number;
  readonly environment: NodeJS.ProcessEnv;
}

/** Why these options alone keep clients' own files from being compiled. */
export function lacksByOptions(options: DaemonOptions): string | undefined {
  if (options['no-tree']) return '--no-tree';
  // What one client brings is of no use to the next one, who has a process of its own.
  return options.inetd ? 'a process for each client keeps nothing for the next one' : undefined;
}

/** For an administrator: whether clients' own files are compiled. */
export const describeTrees = (found: { readonly says: string } | { readonly lacks: string }): string =>
  `files of clients: ${'says' in found ? found.says : `not compiled, only preprocessed text: ${found.lacks}`}`;

/** Where contents are kept, and how many when that has been said, for an administrator. */
export function describePlace(folder: string, isLasting: boolean, options: DaemonOptions): string {
  const quota = options['input-cache'];
  const most = quota === undefined ? '' : `, up to ${Math.floor(quota / (1024 * 1024))} MiB`;
  return `compiled as they are, kept in ${folder}${isLasting ? '' : ' until the daemon ends'}${most}`;
}

/** The contents' part of a folder that outlasts the daemon. */
export const contentsIn = (directory: string): string => `${directory}/contents`;

/** Finds out whether clients' own files can be compiled here, and where they are kept. */
export function openTrees(options: DaemonOptions, setup: TreeSetup, notices: Notices): TreesFound {
  const refused = lacksByOptions(options);
  if (refused !== undefined) return { kind: 'lacking', lacks: refused };
  const found = setup.roots();
  if ('lacks' in found) return { kind: 'lacking', lacks: found.lacks };
  const lasting = openLasting(setup, notices);
  const open = (): Sessions => openSessions(lasting ?? openPassing(setup.spool), options, setup);
  // What was kept is looked through at the start; where nothing is, a folder comes with the first client.
  let sessions = lasting === undefined ? undefined : open();
  const results = openKept(options, lasting, setup, notices);
  const service: TreeService = {
    sessions: () => (sessions ??= open()),
    roots: () => {
      const now = setup.roots();
      if ('lacks' in now) throw new Error(now.lacks);
      return now.roots;
    },
    environment: setup.compilerEnvironment,
    offer: { tree: true, codecs: knownCodecs, results: results !== undefined, later: false },
    results: results?.keeper,
  };
  const says = describePlace(lasting?.contents ?? dirname(setup.spool.path), lasting !== undefined, options);
  const remove = async (): Promise<void> => {
    results?.close();
    await lasting?.remove();
  };
  return { kind: 'offered', service, results, says, remove };
}

function openKept(
  options: DaemonOptions,
  lasting: LastingPlace | undefined,
  { spool, log }: TreeSetup,
  notices: Notices,
): ResultsFound | undefined {
  if (lasting !== undefined) return openResults(options, { folder: lasting.results, lasting: true }, log, notices);
  // No folder is made for what nobody wants.
  if ((options['result-cache'] ?? 0) === 0) return undefined;
  return openResults(options, { folder: spool.lend('results'), lasting: false }, log, notices);
}

function openSessions({ contents, spool }: Place, options: DaemonOptions, { memory, log }: TreeSetup): Sessions {
  const left = (error: unknown): void => {
    log.error(`${systemReason(error)}, a client's files: the next start of the daemon tries again`);
  };
  return new Sessions({ contents, spool, left }, planInputs(memory, options['input-cache'] ?? quotaIn(spool.path)));
}

/** A folder that the service manager keeps between one start and the next: systemd.exec(5), CacheDirectory=. */
function openLasting({ environment, log }: TreeSetup, notices: Notices): LastingPlace | undefined {
  const [directory = ''] = (environment['CACHE_DIRECTORY'] ?? '').split(':');
  if (directory === '') return undefined;
  try {
    if (!statSync(directory).isDirectory()) throw new Error('it is not a directory');
    const swept = sweepSpools(directory, treesPrefix);
    if (swept.length > 0) log.notice(`removed what a daemon that did not end properly left: ${swept.join(', ')}`);
    const spool = openSpool(directory, treesPrefix);
    return { contents: contentsIn(directory), results: `${directory}/results`, spool, remove: () => spool.remove() };
  } catch (error) {
    notices.push(
      `cannot use the cache directory "${directory}": ${systemReason(error)}; files of clients are kept until this daemon ends`,
    );
    return undefined;
  }
}

function openPassing(spool: Spool): Place {
  return { contents: spool.lend('files'), spool, remove: () => Promise.resolve() };
}
