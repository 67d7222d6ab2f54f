import type { CompilerAnswer, ReadFile } from '../../src/client/headers/disk.ts';
import { stampLength } from '../../src/wire/agent/inputs.ts';
import { OwnDisk } from '../../src/client/explain/own-disk.ts';

/** A disk for tests: the files of this process. It counts what it is asked, and can give other stamps. */
export class LocalDisk extends OwnDisk {
  looks = 0;
  reads = 0;
  readonly asked: (readonly string[])[] = [];

  constructor(directory: string, environment: NodeJS.ProcessEnv = process.env) {
    super(directory, environment);
  }

  /** For tests with other times. */
  seenAs(_path: string, stamp: Buffer): Buffer {
    return stamp;
  }

  override async look(paths: Buffer): Promise<Buffer> {
    this.looks += 1;
    const stamps = await super.look(paths);
    const seen = paths
      .toString('latin1')
      .split('\0')
      .slice(0, -1)
      .map((path, place) => this.seenAs(path, stamps.subarray(place * stampLength, (place + 1) * stampLength)));
    return Buffer.concat(seen);
  }

  override async read(paths: readonly string[]): Promise<readonly (ReadFile | undefined)[]> {
    this.reads += paths.length;
    const files = await super.read(paths);
    return files.map((file, place) =>
      file === undefined ? undefined : { ...file, stamp: this.seenAs(paths[place] ?? '', file.stamp) },
    );
  }

  override ask(argv: readonly string[]): Promise<CompilerAnswer> {
    this.asked.push(argv);
    return super.ask(argv);
  }
}
