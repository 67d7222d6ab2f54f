// Starts what the lines of an inetd.conf(5) say, as FreeBSD's inetd does: super-server SYSLOG PORT FILE. Lines that are
// commented out count too; each gets the next port. The program has the connection as stdin, stdout and stderr, and a
// PATH of the base system.
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';

const [log = '', port = '', file = ''] = process.argv.slice(2);
const addresses = new Map([
  ['tcp4', { host: '0.0.0.0' }],
  ['tcp6', { host: '::', ipv6Only: true }],
  ['tcp46', { host: '::' }],
]);

/** syslogd's socket: that it is there is all that a program sees of it. */
createServer().listen(log).unref();

function start(program: string, words: readonly string[], socket: Socket): void {
  const child = spawn(program, words.slice(1), {
    argv0: words[0],
    env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' },
    uid: 561,
    gid: 561,
    stdio: [socket, socket, socket],
  });
  child.on('spawn', () => socket.destroy());
}

function serve(line: string, at: number): void {
  const [, type, protocol = '', wait = '', user, program = '', words = ''] = line.split('\t');
  const argv = words.split(' ');
  // inetd drops the words after the twentieth, and limits what has no number or another one.
  if (type !== 'stream' || user !== 'distcc' || !/^nowait\/\d+\/0\/0$/.test(wait) || argv.length > 20)
    throw new Error(`inetd would not do so: ${line}`);
  const server = createServer({ pauseOnConnect: true }, (socket) => start(program, argv, socket));
  server.listen({ ...addresses.get(protocol), port: Number(port) + at }, () =>
    appendFileSync('/tmp/ready', `${protocol}\n`),
  );
}

const lines = readFileSync(file, 'utf8').split('\n');
for (const [at, line] of lines.filter((text) => /^#?distcc\tstream/.test(text)).entries()) serve(line, at);
