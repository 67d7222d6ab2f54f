import { systemReason } from '../../system/error-text.ts';
import { spawn } from 'node:child_process';
import { constants, ftruncateSync, lstatSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';

/**
 * Opens the pid file while root's rights last; the result writes the process id, once everything else has worked. The
 * file stays root's: whoever stops a daemon believes what it says.
 * @throws Failure (status 107)
 */
export function openPidFile(path: string): () => void {
  try {
    const { O_WRONLY, O_CREAT, O_NOFOLLOW } = constants;
    const descriptor = openSync(path, O_WRONLY | O_CREAT | O_NOFOLLOW, 0o644);
    const remover = process.getuid?.() === 0 ? startRemover(path) : undefined;
    return () => {
      ftruncateSync(descriptor);
      writeSync(descriptor, `${process.pid}\n`, 0);
      remover?.(process.pid);
    };
  } catch (error) {
    throw new Failure(
      exitStatus.inputOutput,
      `cannot write the pid file "${path}": ${systemReason(error)}; choose a place that this account may write with --pid-file`,
    );
  }
}

/**
 * A shell of root's that waits for the end of this process, however it comes, and takes the pid file away then: we
 * shall not be allowed to. One that names another process by then is another daemon's.
 */
function startRemover(path: string): (pid: number) => void {
  const script =
    'trap "" HUP INT TERM; read -r pid; while read -r word; do :; done; [ "$(cat "$1")" != "$pid" ] || rm -f "$1"';
  const shell = spawn('/bin/sh', ['-c', script, 'distccd-pid-file', path], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without it the file stays, as it does for a process that root kills with all of its group.
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  shell.unref();
  // A pipe of a child is a socket to Node.
  if (shell.stdin instanceof Socket) shell.stdin.unref();
  return (pid) => shell.stdin.write(`${pid}\n`);
}

/** Takes the pid file away when the daemon ends; in a directory that only root may write the remover does. */
export function removePidFile(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone already, or root's.
  }
}

/**
 * Takes away a pid file that was made ready for a daemon that could not start; one with a number in it may be another
 * daemon's.
 */
export function removeUnusedPidFile(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isFile() === true && found.size === 0) removePidFile(path);
}
