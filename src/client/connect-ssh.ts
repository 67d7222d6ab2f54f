import { spawn } from 'node:child_process';
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

/** Starts ssh, whose own messages go to our stderr, or to whoever takes them; throws a TransportError when there is no such program. */
export function connectSsh(
  host: SshHost,
  idleSeconds: number,
  {
    ssh,
    environment,
    messages,
  }: {
    ssh: string;
    environment: Readonly<Record<string, string | undefined>>;
    messages?: ((bytes: Buffer) => void) | undefined;
  },
): Promise<Connection> {
  const [program = 'ssh', ...words] = sshCommand(host, ssh);
  // In our own process group: ssh may have to ask the user something on the terminal.
  const child =
    messages === undefined
      ? spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'], env: environment })
      : spawn(program, words, { stdio: ['pipe', 'pipe', 'pipe'], env: environment });
  if (messages !== undefined) child.stderr?.on('data', messages);
  const destroy = (broken: boolean): void => {
    child.stdin.destroy();
    child.stdout.destroy();
    // After an answer it may go on by itself, as the master of other connections; nothing waits for it.
    if (broken) child.kill('SIGTERM');
    child.unref();
  };
  const connection = connectionOver({ readable: child.stdout, writable: child.stdin, destroy }, idleSeconds);
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(connection));
    child.once('error', (error) => {
      connection.close();
      reject(new TransportError(`failed to exec ${program}: ${systemReason(error)}`));
    });
  });
}
