import type { SshHost } from '../hosts/host.ts';

/**
 * The command that starts a server on `host` which speaks over stdin and stdout (doc/distcc-behaviour.md, "ssh"); `ssh`
 * is split at blanks.
 */
export function sshCommand(host: SshHost, ssh: string): [string, ...string[]] {
  const [program = 'ssh', ...words] = ssh.split(/[ \t]+/).filter((word) => word !== '');
  const user = host.user === undefined ? [] : ['-l', host.user];
  return [program, ...words, ...user, host.name, host.command, '--inetd', '--enable-tcp-insecure'];
}
