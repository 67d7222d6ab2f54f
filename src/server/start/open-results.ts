import { dirname } from 'node:path';
import type { DaemonOptions } from '../../config/daemon-options.ts';
import type { Logger } from '../../logging/log-line.ts';
import { systemReason } from '../../system/error-text.ts';
import { quotaIn } from '../inputs/room.ts';
import type { Notices } from '../log/startup-notices.ts';
import { ResultKeeper } from '../results/result-keeper.ts';
import { planResults, ResultStore } from '../results/result-store.ts';

/** Where results are kept. */
export interface ResultPlace {
  /** A folder, which is made when it is missing. */
  readonly folder: string;
  /** Whether it outlasts the daemon. */
  readonly lasting: boolean;
}

/** Results that are kept, and where that is. */
export interface ResultsFound {
  readonly keeper: ResultKeeper;
  /** What there is now. */
  readonly size: () => { readonly bytes: number; readonly results: number };
  readonly says: string;
  readonly close: () => void;
}

const mebibyte = 1024 * 1024;

/** Opens the store of results; undefined when none are kept, which is nobody's misfortune. */
export function openResults(
  options: DaemonOptions,
  { folder, lasting }: ResultPlace,
  log: Logger,
  notices: Notices,
): ResultsFound | undefined {
  const wanted = options['result-cache'] ?? (lasting ? undefined : 0);
  if (wanted === 0) return undefined;
  try {
    const quota = wanted ?? quotaIn(dirname(folder));
    const store = new ResultStore(folder, planResults(quota), (sentence) => log.warning(`kept results: ${sentence}`));
    const says = `${Math.floor(quota / mebibyte)} MiB in ${folder}${lasting ? '' : ', until the daemon ends'}`;
    return { keeper: new ResultKeeper(store), size: () => store.size, says, close: () => store.close() };
  } catch (error) {
    notices.push(`keeping no results: ${systemReason(error)}`);
    return undefined;
  }
}
