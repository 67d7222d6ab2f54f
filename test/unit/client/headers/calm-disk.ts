import type { ReadFile } from '../../../../src/client/headers/disk.ts';
import { LocalDisk } from '../../../support/local-disk.ts';

/** A disk whose files have not changed for long. */
export class CalmDisk extends LocalDisk {
  override seenAs(_path: string, found: Buffer): Buffer {
    const stamp = Buffer.from(found);
    for (const place of [32, 40]) stamp.writeBigInt64LE(stamp.readBigInt64LE(place) - 60_000_000_000n, place);
    return stamp;
  }

  override async read(paths: readonly string[]): Promise<readonly (ReadFile | undefined)[]> {
    return (await super.read(paths)).map((file) => (file === undefined ? undefined : { ...file, young: false }));
  }
}
