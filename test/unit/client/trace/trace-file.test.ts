import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TraceFile } from '../../../../src/client/trace/trace-file.ts';
import type { TraceEvent } from '../../../../src/client/trace/trace-events.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'test-trace-'));
  path = join(folder, 'trace.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const event = (name: string): TraceEvent => ({ name, ph: 'i', pid: 1, tid: 0, ts: 1 });
const events = (): TraceEvent[] =>
  (JSON.parse(readFileSync(path, 'utf8')) as { traceEvents: TraceEvent[] }).traceEvents;

test('TraceFile is complete after each write', () => {
  const file = new TraceFile(path, path, 1e6);
  expect(events()).toEqual([]);
  for (const [count, names] of [['ä', 'b'], [], ['c']].entries()) {
    expect(file.add(names.map(event))).toBe(true);
    expect(events().map(({ name }) => name)).toEqual(
      [
        ['ä', 'b'],
        ['ä', 'b'],
        ['ä', 'b', 'c'],
      ][count],
    );
  }
  file.close();
});

test('TraceFile takes no more than it may, and stays complete', () => {
  const file = new TraceFile(path, path, 300);
  let count = 0;
  while (file.add([event(`number ${count}`)])) count += 1;
  expect(count).toBeGreaterThan(1);
  expect(events()).toHaveLength(count);
  expect(readFileSync(path).length).toBeLessThanOrEqual(300);
  file.close();
});

test('TraceFile leaves a file that exists alone, and what a link leads to', () => {
  writeFileSync(path, 'int main;\n');
  symlinkSync(path, join(folder, 'link'));
  symlinkSync(join(folder, 'none'), join(folder, 'dangling'));
  for (const name of ['trace.json', 'link', 'dangling', '.'])
    expect(() => new TraceFile(join(folder, name), name, 1e6)).toThrow(
      `"${name}" exists already: name a new file, or remove this one`,
    );
  expect(readFileSync(path, 'utf8')).toBe('int main;\n');
  expect(existsSync(join(folder, 'none'))).toBe(false);
});

test('TraceFile says why it cannot be made', () => {
  expect(() => new TraceFile(join(folder, 'none/t'), 'none/t', 1e6)).toThrow(
    'cannot make "none/t": No such file or directory',
  );
});
