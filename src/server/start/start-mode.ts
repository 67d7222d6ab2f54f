import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import type { StdinKind } from '../../system/descriptors/standard-descriptors.ts';

/** Options with which a socket on stdin is not a client: they start a daemon, or only print something. */
const notForClients = new Set(['--daemon', '--wizard', '-W', '--help', '--version']);

/** Options that print something and serve nobody. */
const reporting = new Set(['--check', '--show-policy', '--show-compilers']);

/**
 * Whether to serve one client on stdin and stdout (doc/distcc-behaviour.md, "Daemon or inetd"). It looks at the words
 * before they are read as options, because errors in them must not be sent to the client.
 * @throws Failure (status 101) when the client would be a terminal
 */
export function servesStdin(words: readonly string[], stdin: StdinKind): boolean {
  if (words.some((word) => reporting.has(word))) return false;
  if (!words.includes('--inetd')) return stdin === 'socket' && !words.some((word) => notForClients.has(word));
  if (stdin !== 'terminal') return true;
  throw new Failure(
    exitStatus.badArguments,
    '--inetd serves a client on stdin, which is a terminal here: let inetd start distccd so, or start the daemon with --daemon',
  );
}
