import { readWaitStatus } from '../../wire/wait-status.ts';
import type { InputMessage } from '../../wire/agent/inputs.ts';
import type { CompilerAnswer, Disk, ReadFile } from '../headers/disk.ts';
import { isYoungAt, kindOf } from '../headers/stamp.ts';
import type { Launcher } from './launcher.ts';

function readFileOf({ now, stamp, bytes }: InputMessage): ReadFile | undefined {
  return kindOf(stamp) === 'absent' ? undefined : { stamp, bytes, young: isYoungAt(stamp, now) };
}

/** The files of a job as its launcher finds them. */
export class LauncherDisk implements Disk {
  readonly #launcher: Pick<Launcher, 'stamp' | 'fetch' | 'follow' | 'probe'>;
  readonly #changes: readonly string[];

  /** `changes` are those between the launcher's environment and the compiler's. */
  constructor(launcher: Pick<Launcher, 'stamp' | 'fetch' | 'follow' | 'probe'>, changes: readonly string[]) {
    this.#launcher = launcher;
    this.#changes = changes;
  }

  look(paths: Buffer): Promise<Buffer> {
    return paths.length === 0 ? Promise.resolve(Buffer.alloc(0)) : this.#launcher.stamp(paths);
  }

  async read(paths: readonly string[]): Promise<readonly (ReadFile | undefined)[]> {
    return (await this.#launcher.fetch(paths)).map(readFileOf);
  }

  readLinks(paths: readonly string[]): Promise<readonly (string | undefined)[]> {
    return this.#launcher.follow(paths);
  }

  async ask(argv: readonly string[]): Promise<CompilerAnswer> {
    const { status, stdout, stderr } = await this.#launcher.probe({ argv, changes: [...this.#changes, 'LC_ALL=C'] });
    const end = readWaitStatus(status);
    return { status: end.kind === 'exited' ? end.code : 128 + end.signal, stdout, stderr };
  }
}
