import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';

/**
 * Writes to syslog through logger(1), which knows where this system's syslog listens. One logger runs for each priority
 * in use, since the priority is an option of logger. Lines that cannot be delivered are dropped: a log must not end the
 * daemon.
 */
export function openSyslog(tag: string): (line: string, priority: number) => void {
  const names = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];
  const writers = new Map<number, (line: string) => void>();

  function start(priority: number): (line: string) => void {
    const child = spawn('logger', ['-t', `${tag}[${process.pid}]`, '-p', `daemon.${names[priority] ?? 'notice'}`], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    const forget = (): void => void writers.delete(priority);
    child.once('error', forget);
    child.once('exit', forget);
    // Without free descriptors no process is started, and stdin is undefined despite its type.
    const stdin: Writable | undefined = child.stdin;
    if (stdin === undefined) return () => {};
    stdin.on('error', forget);
    child.unref();
    if (stdin instanceof Socket) stdin.unref();
    return (line) => void stdin.write(`${line}\n`);
  }

  return (line, priority) => {
    try {
      const writer = writers.get(priority) ?? start(priority);
      writers.set(priority, writer);
      writer(line);
    } catch {
      // The next line tries again.
      writers.delete(priority);
    }
  };
}
