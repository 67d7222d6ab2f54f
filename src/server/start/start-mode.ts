import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import type { StdinKind } from '../../system/descriptors/standard-descriptors.ts';

/** Options with which a socket on stdin is not a client: those of a daemon, and those that only print something. */
const notForClients = new Set(['--daemon', '--wizard', '-W', '--help', '--version']);

/**
 * Whether to serve one client on stdin and stdout (doc/distcc-behaviour.md, "Daemon or inetd"). The words are looked
 * at before they are read as options: what is wrong with them must not be said to the client either.
 * @throws Failure (status 101) when the client would be a terminal
 */
export function servesStdin(words: readonly string[], stdin: StdinKind): boolean {
  if (words.includes('--check') || words.includes('--show-policy')) return false;
  if (!words.includes('--inetd')) return stdin === 'socket' && !words.some((word) => notForClients.has(word));
  if (stdin !== 'terminal') return true;
  throw new Failure(
    exitStatus.badArguments,
    '--inetd serves a client on stdin, which is a terminal here: let inetd start distccd so, or start the daemon with --daemon',
  );
}
