import { chmodSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findInputs } from '../../../../src/client/headers/find-inputs.ts';
import { LocalDisk } from '../../../support/local-disk.ts';
import { needs } from '../../../support/needs.ts';
import { Project } from './project.ts';

let project: Project;
let denied: boolean;
beforeEach(() => {
  project = new Project();
  denied = false;
});
afterEach(() => project.remove());

/** A disk on which nothing in the folder "secret" can be looked at; root, who may run tests, is never refused. */
class DenyingDisk extends LocalDisk {
  readonly errno: number;

  constructor(directory: string, errno: number = constants.errno.EACCES) {
    super(directory);
    this.errno = errno;
  }

  override seenAs(path: string, found: Buffer): Buffer {
    if (!denied || !path.startsWith(`${project.path}/secret/`)) return found;
    const stamp = Buffer.alloc(found.length);
    stamp.writeUInt32LE(this.errno, 0);
    return stamp;
  }
}

/** Lets the folder be looked into, or not; its times tell of that. */
function deny(value: boolean): void {
  denied = value;
  chmodSync(`${project.path}/secret`, value ? 0o600 : 0o700);
}

async function judge(words: readonly string[], path = process.env['PATH'] ?? '', errno?: number): Promise<string> {
  const argv = ['gcc', ...words, '-c', 'a.c', '-o', 'a.o'];
  const job = { source: 'a.c', argv, directory: project.path, environment: { PATH: path } };
  const found = await findInputs(job, new DenyingDisk(project.path, errno), project.graph);
  return found.kind === 'inputs' ? 'found' : found.because.replaceAll(`${project.path}/`, '');
}

describe.skipIf(!needs('gcc', 'gcc'))('a directory without search permission', () => {
  it.each([
    ['with the header', '#include <b.h>\n', 'b.h'],
    ['without the header', '#include <b.h>\n', 'other.h'],
    ['with one that is asked for', '#if __has_include(<b.h>)\n#endif\n', 'b.h'],
    ['with another one in it', '#include <in/b.h>\n', 'in/b.h'],
  ])('is not one that lacks headers: %s', async (_, text, inside) => {
    project.write('a.c', text);
    project.write(`secret/${inside}`, '');
    project.write('open/b.h', '');
    project.write('open/in/b.h', '');
    const words = ['-Isecret', '-Iopen'];
    const reason = expect.stringMatching(/^"secret\/[a-z.-]+" cannot be looked at$/) as string;
    for (const _round of [1, 2]) {
      expect(await judge(words)).toBe('found');
      deny(true);
      expect(await judge(words)).toEqual(reason);
      expect(await judge(words)).toEqual(reason);
      deny(false);
    }
    expect(await judge(words)).toBe('found');
    rmSync(`${project.path}/secret`, { recursive: true });
    expect(await judge(words)).toBe('found');
  });

  it('is passed over when it is one of PATH', async () => {
    project.write('a.c', '');
    project.write('secret/gcc', '');
    deny(true);
    expect(await judge([], `${project.path}/secret:${process.env['PATH'] ?? ''}`)).toBe('found');
  });

  it('is told from a file where a directory is looked for, which is as if nothing were there', async () => {
    project.write('a.c', '#include <b.h>\n');
    project.write('secret/none.h', '');
    project.write('open/b.h', '');
    deny(true);
    expect(await judge(['-Isecret', '-Iopen'], undefined, constants.errno.ENOTDIR)).toBe('found');
  });
});
