import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.mjs';
import { needs } from './needs.ts';

/** Whether this machine has what these tests need. */
export const hasSsh = (): boolean =>
  process.platform === 'linux' && needs('sshd', 'openssh-server') && needs('ssh', 'openssh-client');

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'data');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Commands for ssh that reach the server of a test. */
export interface SshCommands {
  readonly good: string;
  /** The host's key is not known. */
  readonly strange: string;
  /** The client's key has a passphrase. */
  readonly locked: string;
}

/** A real sshd on 127.0.0.1, with keys of its own. */
export class SshServer {
  readonly commands: SshCommands;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, commands: SshCommands) {
    this.#process = process;
    this.commands = commands;
  }

  /** Makes its files in a folder, which must not be there yet. */
  static async start(keys: string): Promise<SshServer> {
    mkdirSync(keys, { mode: 0o700 });
    for (const [name, secret] of [
      ['host', ''],
      ['key', ''],
      ['locked', 'secret'],
    ] as const)
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', secret, '-f', join(keys, name)]);
    const readKey = (name: string): string => readFileSync(join(keys, `${name}.pub`), 'utf8');
    writeFileSync(join(keys, 'authorized'), readKey('key') + readKey('locked'));
    const port = await freePort();
    writeFileSync(join(keys, 'known'), `[127.0.0.1]:${port} ${readKey('host')}`);
    const lines = [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${keys}/host`,
      `AuthorizedKeysFile ${keys}/authorized`,
    ];
    lines.push('UsePAM no', 'StrictModes no', 'PermitRootLogin yes', 'PasswordAuthentication no', 'PidFile none');
    // The files of whoever runs the tests, which a shell would read.
    lines.push(`SetEnv HOME=${keys}`);
    writeFileSync(join(keys, 'sshd_config'), `${lines.join('\n')}\nKbdInteractiveAuthentication no\n`);
    // Debian's service makes it for a daemon that root starts.
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    const sshd = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(keys, 'sshd_config')], { stdio: 'ignore' });
    while (!(await answers(port))) {
      if (sshd.exitCode !== null) throw new Error(`sshd ended with ${sshd.exitCode}`);
    }
    const configure = (name: string, key: string, known: string): string => {
      const config = ['Host *', `Port ${port}`, `IdentityFile ${keys}/${key}`, 'IdentitiesOnly yes'];
      config.push('IdentityAgent none', `UserKnownHostsFile ${keys}/${known}`, 'GlobalKnownHostsFile /dev/null');
      writeFileSync(join(keys, name), `${config.join('\n')}\n`);
      return `ssh -F ${keys}/${name}`;
    };
    return new SshServer(sshd, {
      good: configure('good', 'key', 'known'),
      strange: configure('strange', 'key', 'nobody'),
      locked: configure('with-locked', 'locked', 'known'),
    });
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    this.#process.kill('SIGTERM');
    await once(this.#process, 'exit');
  }
}
