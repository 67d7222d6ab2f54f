import { close, closeSync, existsSync, fstatSync, ftruncateSync, openSync, unlinkSync } from 'node:fs';
import type { Compiled } from './answer.ts';
import { largeFile, ResultFile } from './result-file.ts';

/** What a compiler says. */
export type Said = Pick<Compiled, 'stdout' | 'stderr'>;

/** Where one compiler writes what it says. */
export interface Outputs {
  /** By which the compiler's process opens each. */
  readonly stdout: string;
  readonly stderr: string;
  /**
   * What was written. Only where nothing that the compiler started can still write are the files used again.
   * @throws Refusal when it is too large, with nothing left open
   */
  take(isOver: boolean): Said;
  /** Nobody wants it. */
  drop(): void;
}

/** Whether a process can open its own descriptors by these names: not outside Linux, nor without proc(5). */
const hasNames = process.platform === 'linux' && existsSync('/proc/self/fd');

/** More than this are not kept for later. */
const mostKept = 128;

/** A regular file's, for its owner only. */
const plainMode = 0o100600;

/** Makes a file without a name. */
function makeFile(path: string): number {
  const descriptor = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return descriptor;
}

/**
 * Files for what compilers say. They have no names in any folder, so that no compiler can put something else there; and
 * they are used again, since most stay empty, and to make a file and remove it costs more than all else about it. Each
 * compiler opens its own by the daemon's descriptor, and nothing of an opened file outlasts it: no position, no lock.
 */
export class OutputFiles {
  readonly #kept: number[] = [];

  /** Two files, which are made in a folder where none are left. @throws the system's error */
  lend(folder: string): Outputs {
    const [out, err] = [`${folder}/.stdout`, `${folder}/.stderr`];
    if (!hasNames) return namedOutputs(out, err);
    const stdout = this.#kept.pop() ?? makeFile(out);
    let stderr: number;
    try {
      stderr = this.#kept.pop() ?? makeFile(err);
    } catch (error) {
      closeSync(stdout);
      throw error;
    }
    const open = (descriptor: number, what: string, isOver: boolean): ResultFile =>
      ResultFile.ofDescriptor(descriptor, what, (length) => {
        if (isOver) this.#takeBack(descriptor, length);
        else if (length < largeFile) closeSync(descriptor);
        else close(descriptor);
      });
    return {
      stdout: `/proc/self/fd/${stdout}`,
      stderr: `/proc/self/fd/${stderr}`,
      take: (isOver) =>
        both(
          () => open(stdout, 'standard output', isOver),
          () => open(stderr, 'messages', isOver),
          () => close(stderr),
        ),
      drop() {
        close(stdout);
        close(stderr);
      },
    };
  }

  /** Keeps a file for later, emptied, if it is as it was made. */
  #takeBack(descriptor: number, length: number): void {
    if (length >= largeFile || this.#kept.length >= mostKept) {
      // The system takes its time over the bytes of a large one, so another thread closes that.
      close(descriptor);
      return;
    }
    try {
      if (length > 0) ftruncateSync(descriptor);
      const { mode, nlink, size, blocks } = fstatSync(descriptor);
      // A compiler may change the mode of what it has open, and have room set aside.
      if (mode === plainMode && nlink === 0 && size === 0 && blocks === 0) {
        this.#kept.push(descriptor);
        return;
      }
    } catch {
      // It goes.
    }
    closeSync(descriptor);
  }
}

/** The files in the job's folder, which is removed with them. */
const namedOutputs = (stdout: string, stderr: string): Outputs => ({
  stdout,
  stderr,
  take: () =>
    both(
      () => ResultFile.open(stdout, 'standard output'),
      () => ResultFile.open(stderr, 'messages'),
    ),
  drop() {},
});

/** Opens two files; when the first one cannot be had, `other` lets go of the second one. */
function both(first: () => ResultFile, second: () => ResultFile, other = (): void => {}): Said {
  let stdout: ResultFile;
  try {
    stdout = first();
  } catch (error) {
    other();
    throw error;
  }
  try {
    return { stdout, stderr: second() };
  } catch (error) {
    stdout.close();
    throw error;
  }
}
