import { systemReason } from '../../system/error-text.ts';
import { spawn } from 'node:child_process';
import { constants, ftruncateSync, lstatSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { removeQuietly } from '../../system/files/remove-quietly.ts';

/**
 * Opens the pid file while this process still has root's rights. The returned function writes the process id, after
 * everything else has worked. The file stays root's, because programs that stop the daemon trust its content.
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
      `cannot write the pid file "${path}": ${systemReason(error)}; choose a path that this account may write with --pid-file`,
    );
  }
}

/**
 * Starts a shell as root that removes the pid file when this process ends, even when it is killed: as another account
 * the daemon could not remove it. A file that names another process then belongs to another daemon and stays.
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
  // Without the shell the file stays, as it does when root kills the whole process group.
  shell.on('error', () => {});
  shell.stdin.on('error', () => {});
  shell.unref();
  // Node represents a child's pipe as a socket.
  if (shell.stdin instanceof Socket) shell.stdin.unref();
  return (pid) => shell.stdin.write(`${pid}\n`);
}

/**
 * Removes the pid file when the daemon ends, unless it names another daemon by then. In a directory that only root may
 * write to, the shell does that.
 */
export function removePidFile(path: string): void {
  try {
    if (lstatSync(path).isFile() && readFileSync(path, 'latin1') === `${process.pid}\n`) unlinkSync(path);
  } catch {
    // It is gone already, or in root's directory.
  }
}

/** Removes an empty pid file after a start that failed. One with a number in it may be another daemon's. */
export function removeUnusedPidFile(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isFile() === true && found.size === 0) removeQuietly(path);
}
