import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { systemReason } from '../system/error-text.ts';
import { connectionOver } from './connection.ts';
import type { Connection } from './connection.ts';
import type { SshHost } from './host.ts';
import { TransportError } from './faults.ts';

/** The command that makes a server of `host` speak over stdin and stdout (client-run reference, section 8). */
export function sshCommand(host: SshHost, ssh: string): string[] {
  const [program = 'ssh', ...words] = ssh.split(/[ \t]+/).filter((word) => word !== '');
  const user = host.user === undefined ? [] : ['-l', host.user];
  return [program, ...words, ...user, host.name, host.command, '--inetd', '--enable-tcp-insecure'];
}

/** Of whom ssh is started. */
export interface SshCaller {
  /** The user's command for ssh. */
  readonly ssh: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where relative names of the user's start. */
  readonly directory: string;
  /** Takes what ssh says, in a process without a terminal; without it that goes to our stderr. */
  readonly messages?: ((bytes: Buffer) => void) | undefined;
}

function startSsh(host: SshHost, { ssh, environment, directory, messages }: SshCaller) {
  const [program = 'ssh', ...words] = sshCommand(host, ssh);
  const common = { env: environment, cwd: directory } as const;
  // In our own process group: ssh may have to ask the user something on the terminal.
  if (messages === undefined)
    return { program, child: spawn(program, words, { ...common, stdio: ['pipe', 'pipe', 'inherit'] }) };
  // Without a terminal it gets a process group, so that what the user's command started ends with it.
  const child = spawn(program, words, { ...common, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  child.stderr.on('data', messages);
  return { program, child };
}

function end({ pid }: ChildProcess, group: boolean): void {
  if (pid === undefined) return;
  try {
    process.kill(group ? -pid : pid, 'SIGTERM');
  } catch {
    // It has ended already.
  }
}

/** What the user has to look at when nothing comes back. */
const silence = 'no answer: ssh has to log in without asking for anything, and to find distccd there';

/** Starts ssh; throws a TransportError when there is no such program. */
export function connectSsh(host: SshHost, idleSeconds: number, caller: SshCaller): Promise<Connection> {
  const group = caller.messages !== undefined;
  const { program, child } = startSsh(host, caller);
  const destroy = (broken: boolean): void => {
    child.stdin.destroy();
    child.stdout.destroy();
    // After an answer it may go on by itself, as the master of other connections; nothing waits for it.
    if (broken) end(child, group);
    child.unref();
  };
  const streams = { readable: child.stdout, writable: child.stdin, destroy };
  const connection = connectionOver(streams, idleSeconds, silence);
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(connection));
    child.once('error', (error) => {
      connection.close();
      reject(new TransportError(`failed to exec ${program}: ${systemReason(error)}`));
    });
  });
}
