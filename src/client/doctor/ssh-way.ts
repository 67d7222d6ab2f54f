import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Environment } from '../../config/client-environment.ts';
import { readVariable } from '../../config/client-environment.ts';
import { systemReason } from '../../system/error-text.ts';
import type { Line } from '../../probe/exchange.ts';
import type { SshHost } from '../hosts/host.ts';
import { beforeSignal } from '../../system/processes/before-signal.ts';
import { sshCommand } from '../transport/ssh-command.ts';

/** How much of what ssh says is kept, in bytes. */
const mostSaid = 4096;
/** How long ssh may take to end after the conversation, in ms. */
const endPatience = 2000;

/** A conversation over ssh. */
export interface SshWay {
  readonly line: Line;
  /** How ssh ended: its exit code, undefined when it was killed or does not end, and its own words. */
  ended(this: void): Promise<{ readonly code: number | undefined; readonly said: string }>;
  close(this: void): void;
}

/** Has ssh start the server of a host, as a job does; in a session of its own, so that it cannot ask on the terminal. */
export function openSsh(host: SshHost, environment: Environment): SshWay {
  const [program, ...words] = sshCommand(host, readVariable('DISTCC_SSH', environment));
  const env = { ...environment, SSH_ASKPASS_REQUIRE: 'never' };
  const ssh: { process?: ChildProcess } = {};
  const end = (): void => {
    const { process: child } = ssh;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, 'SIGTERM');
    } catch {
      // It has just ended.
    }
  };
  // A terminal's interrupt does not reach another session.
  const forgotten = beforeSignal(end);
  const child = spawn(program, words, { detached: true, stdio: ['pipe', 'pipe', 'pipe'], env });
  ssh.process = child;
  let said = '';
  let code: number | undefined;
  child.stderr.on('data', (bytes: Buffer) => void (said = (said + bytes.toString()).slice(0, mostSaid)));
  // It may end before it has read everything.
  child.stdin.on('error', () => {});
  const gone = new Promise<void>((resolve) => {
    child.on('error', (error) => {
      said = `cannot run "${program}": ${systemReason(error)}`;
      child.stdout.destroy();
      resolve();
    });
    child.on('close', (status) => {
      code = status ?? undefined;
      resolve();
    });
  });
  void gone.then(forgotten);
  return {
    line: { from: child.stdout, to: child.stdin },
    async ended() {
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([gone, new Promise((resolve) => (timer = setTimeout(resolve, endPatience)))]);
      clearTimeout(timer);
      return { code, said };
    },
    close: end,
  };
}
