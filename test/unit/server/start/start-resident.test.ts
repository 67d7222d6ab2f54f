import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noteLack, noteListening, startResident } from '../../../../src/server/start/start-resident.ts';
import { until } from '../../../support/daemon.ts';

let top: string;
let note: string;
const own = process.argv[1];
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'start-'));
  note = join(top, 'note');
  const program = join(top, 'program.js');
  writeFileSync(program, `require('fs').appendFileSync(${JSON.stringify(join(top, 'started'))}, process.argv[2])`);
  process.argv[1] = program;
});
afterEach(() => {
  if (own !== undefined) process.argv[1] = own;
  rmSync(top, { recursive: true });
});

const started = (): string => {
  try {
    return readFileSync(join(top, 'started'), 'utf8');
  } catch {
    return '';
  }
};
const start = (word: string): boolean =>
  startResident({ lock: join(top, 'lock'), note, words: [word], environment: { PATH: '/usr/bin:/bin' } });
const age = (seconds: number): void => {
  const then = new Date(Date.now() - seconds * 1000);
  utimesSync(note, then, then);
};

describe('startResident()', () => {
  it('starts one, and none while that may be on its way', async () => {
    expect(start('1')).toBe(true);
    expect(start('2')).toBe(true);
    await until(() => started() !== '', 'it runs');
    expect(started()).toBe('1');
  });

  it('rests for a minute after one that did not come, or does not listen any more', async () => {
    writeFileSync(note, 'started\n');
    expect(start('1')).toBe(true);
    age(20);
    expect(start('2')).toBe(false);
    noteListening(note);
    // The times of files are finer than the clock: this one may be in the future.
    for (const seconds of [0, -0.5]) {
      age(seconds);
      expect(start('3')).toBe(false);
    }
    age(61);
    expect(start('4')).toBe(true);
    await until(() => started() !== '', 'it runs');
    expect(started()).toBe('4');
  });

  it('rests longer where none can serve jobs from inputs', async () => {
    noteLack(note, 'jobs have no roots of their own here');
    age(3500);
    expect(start('1')).toBe(false);
    age(3601);
    expect(start('2')).toBe(true);
    await until(() => started() !== '', 'it runs');
    expect(started()).toBe('2');
  });
});
