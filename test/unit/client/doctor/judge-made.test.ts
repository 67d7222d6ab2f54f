import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blameAnswer } from '../../../../src/client/doctor/door.ts';
import { Findings } from '../../../../src/client/doctor/findings.ts';
import { compareObjects, judgeMade } from '../../../../src/client/doctor/judge-made.ts';
import { compilerWords, languages, prepareTrial, versionOf } from '../../../../src/client/doctor/trial.ts';
import type { Language, Trial } from '../../../../src/client/doctor/trial.ts';
import { NoAnswer } from '../../../../src/probe/no-answer.ts';
import { needs } from '../../../support/needs.ts';

const [c, cpp] = languages as readonly [Language, Language];
const texts = ({ all }: Findings): string[] => all.map(({ mark, about, text }) => `${mark} ${about}: ${text}`);

describe.skipIf(!needs('gcc', 'gcc'))('a trial', () => {
  let folder: string;
  let trial: Trial;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'test-trial-'));
    trial = await prepareTrial(c, ['gcc'], { environment: { PATH: process.env['PATH'] }, folder });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function judged(status: number, object: Buffer, stderr = ''): string[] {
    const response = { version: 1, status, stderr: Buffer.from(stderr), stdout: Buffer.alloc(0), object } as const;
    const findings = new Findings();
    judgeMade(trial, { response, offer: undefined, seconds: 0.0341 }, findings);
    return texts(findings);
  }

  it('is judged by what the host has made', () => {
    const nothing = Buffer.alloc(0);
    expect(judged(0, trial.object)).toEqual([expect.stringMatching(/^well C: ".*gcc" compiles there, in 34 ms$/)]);
    expect(judged(110 << 8, nothing)).toEqual([
      expect.stringMatching(
        /^wrong C: it has no .*gcc, or cannot run it: install it there, the same version as here \(GCC: /,
      ),
    ]);
    expect(judged(1 << 8, nothing, 'In file x:\nx:1: error: no such thing\n')).toEqual([
      expect.stringMatching(
        /^wrong C: ".*gcc" works here and fails there: x:1: error: no such thing: install the same/,
      ),
    ]);
    expect(judged(9, nothing)).toEqual([expect.stringMatching(/fails there: .*gcc: Killed: /)]);
    expect(judged(0, trial.object.subarray(0, 100))).toEqual([
      expect.stringMatching(
        /^wrong C: the answer is not a compiler's: its object is cut short.*: look for a full disk there/,
      ),
    ]);
  });

  async function compared(object: Buffer): Promise<string[]> {
    const findings = new Findings();
    compareObjects([{ trial, object, version: await versionOf(object) }], findings);
    return texts(findings);
  }

  it('is compared with what is made here', async () => {
    expect(await compared(Buffer.from(trial.object))).toEqual([
      expect.stringMatching(/^well compiler: the same as here: GCC: /),
      'well object: byte for byte the same as here, C',
    ]);
    const other = Buffer.from(trial.object);
    // The first byte after the header is code.
    other[64] = (other[64] ?? 0) ^ 1;
    expect(await compared(other)).toEqual([
      expect.stringMatching(/^well compiler: the same as here: GCC: /),
      expect.stringMatching(
        /^wrong object: C differs from here though the compilers have the same version: compare ".*gcc -v" on both/,
      ),
    ]);
    const newer = Buffer.from(trial.object);
    newer.write('GCC: 99', newer.indexOf('GCC: '), 'latin1');
    expect(await compared(newer)).toEqual([
      expect.stringMatching(
        /^wrong compiler: ".*gcc" for C is another version: GCC: 99.* there, GCC: .* here: install the same/,
      ),
      'note object: C differs from here, as the compilers do',
    ]);
  });

  it('needs a compiler that works', async () => {
    const environment = { PATH: process.env['PATH'], CC: undefined };
    const prepare = (...words: string[]) => prepareTrial(c, words, { environment, folder });
    await expect(prepare('no-such-gcc')).rejects.toThrow(
      'there is no "no-such-gcc" here: install it, or name another in CC',
    );
    await expect(prepare('gcc', '-march=native')).rejects.toThrow(/^its compiles stay here: "-march=native" means/);
    await expect(prepare('gcc', '-Werror=implicit-int', '-nostdinc')).rejects.toThrow(
      /^".*gcc" fails here: .*error.*: mend it/,
    );
  });
});

describe('compilerWords()', () => {
  it.each([
    [{ CC: 'gcc-12 -m32' }, ['gcc-12', '-m32']],
    [{ CC: 'ccache distcc  gcc' }, ['gcc']],
    [{ CC: '/usr/bin/distcc' }, ['gcc']],
    [{ CC: '' }, ['gcc']],
    [{}, ['gcc']],
  ])('of %j', (environment, words) => {
    expect(compilerWords(c, environment, (name) => name === 'gcc')).toEqual(words);
  });

  it('is the usual name where none is here', () => {
    expect(compilerWords(cpp, {}, () => false)).toEqual(['c++']);
  });
});

describe('blameAnswer()', () => {
  it('tells what to do about a host that does not answer', () => {
    const findings = new Findings();
    blameAnswer(new NoAnswer('late', 'timed out'), 15, findings);
    expect(texts(findings)).toEqual([
      expect.stringMatching(/^wrong protocol: no answer to a compile in 15 s: all its slots/),
    ]);
  });
});
