import { describeAllowList } from '../../compiler/allow-list/describe-allow-list.ts';
import type { DaemonOptions } from '../../config/daemon-options.ts';

/** What `--show-policy` prints: the compiler options that clients may use, line by line. */
export function describePolicy(options: DaemonOptions): string[] {
  if (options['enable-tcp-insecure']) return ['Every option is permitted, because of --enable-tcp-insecure.'];
  return describeAllowList(options['permit-option']);
}
