import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fence, hasRoots, kernelHas, rootedJob } from '../../support/fence.ts';

const top = resolve(import.meta.dirname, '../../..');
const table = readFileSync(join(top, 'src/fence/calls.h'), 'utf8');
const page = readFileSync(join(top, 'man/distccd.8'), 'utf8');

/** Names and numbers of the table, for one of the processors. */
function numbersOf(column: 'x86_64' | 'i386' | 'arm64'): Map<string, number> {
  const at = { x86_64: 0, i386: 1, arm64: 2 }[column];
  const rows = [...table.matchAll(/^CALL\(\w+, (\w+), (.*)\)$/gm)];
  const all = rows.map(([, name = '', numbers = '']) => [name, Number(numbers.split(', ')[at])] as const);
  return new Map(all.filter(([, number]) => number >= 0));
}

/** The kernel's own, from the C library's headers. */
function kernelNumbers(header = 'unistd'): Map<string, number> {
  const text = execFileSync('gcc', ['-E', '-dM', '-'], {
    input: `#include <asm/${header}.h>\n`,
    encoding: 'utf8',
  });
  return new Map(
    [...text.matchAll(/^#define __NR_(\w+) (\d+)$/gm)].map(([, name = '', number]) => [name, Number(number)]),
  );
}

/** The words of the page between the paragraph that ends so and the end of its display. */
function listAfter(sentence: string): string[] {
  const [, after = ''] = page.split(`${sentence}\n.Bd -ragged -offset indent\n`);
  return after.slice(0, after.indexOf('\n.Ed')).replace(/\.$/, '').split(/,\s+/);
}
const roots = hasRoots();
const native = process.arch === 'arm64' ? 'arm64' : 'x86_64';

let place: string;
let walker: string;
let fences: Record<'root' | 'files', { words: string[]; folder: string }>;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'calls-'));
  const tools = join(place, 'tools');
  for (const path of [tools, join(place, 'job/one')]) mkdirSync(path, { recursive: true });
  walker = join(tools, 'walk-calls');
  execFileSync('gcc', ['-O', join(top, 'test/support/walk-calls.c'), '-o', walker]);
  chmodSync(walker, 0o755);
  fences = { root: rootedJob(place, [tools]), files: { words: ['-', '1', tools], folder: join(place, 'job/one') } };
});
afterAll(() => rmSync(place, { recursive: true }));

/** Whether a call of 32 bits comes to something here. */
function has32Bits(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'narrow-'));
  const program = join(folder, 'walk-calls');
  execFileSync('gcc', ['-O', join(top, 'test/support/walk-calls.c'), '-o', program]);
  const { status } = spawnSync(program, ['mark', program, 'narrow']);
  rmSync(folder, { recursive: true });
  return status === 0;
}

/** What the walker prints inside a fence. */
function walk(kind: 'root' | 'files', ...what: string[]): string {
  const { words, folder } = fences[kind];
  return execFileSync(walker, ['mark', fence, ...words, walker, 'walk-calls', ...what], {
    cwd: folder,
    encoding: 'utf8',
  });
}

/**
 * Calls that are refused with zeros for all words, as the walker makes them, and setpgid and setsid, which not every
 * fence takes.
 */
const otherwise = {
  root: ['ioctl', 'ioprio_set', 'socketpair'],
  files: ['ioctl', 'ioprio_set', 'socketpair', 'setpgid', 'setsid'],
};

/** What the walker is to say: of every number that it tried, by what the manual page names. */
function expected(
  said: readonly string[],
  kind: 'root' | 'files',
  names: readonly string[],
  known: Map<string, number>,
) {
  const listed = new Set(names.filter((name) => !otherwise[kind].includes(name)).map((name) => known.get(name)));
  return said.map((line) => {
    const number = Number(line.split(' ')[0]);
    if (listed.has(number)) return `${number} taken`;
    return `${number} ${number > 469 || number === known.get('clone3') ? 'absent' : 'refused'}`;
  });
}
const wide = listAfter('Compilers may use these system calls:');
const narrow = listAfter('32-bit programs have their own forms of these as well:');

describe('the filter of system calls', () => {
  it.each(roots ? (['root', 'files'] as const) : (['files'] as const))(
    'leaves a compiler with a fence of "%s" the calls of the manual page, and no other',
    (kind) => {
      const said = walk(kind, 'native').trimEnd().split('\n');
      expect(said.length).toBeGreaterThan(1000);
      expect(said).toEqual(expected(said, kind, wide, new Map([...kernelNumbers(), ...numbersOf(native)])));
    },
  );

  it.skipIf(!kernelHas('programs of 32 bits, in a root of their own', roots && process.arch === 'x64' && has32Bits()))(
    'leaves one of 32 bits its own forms as well, and no other',
    () => {
      const said = walk('root', 'narrow').trimEnd().split('\n');
      expect(said).toHaveLength(1024);
      const known = new Map([...kernelNumbers('unistd_32'), ...numbersOf('i386')]);
      expect(said).toEqual(expected(said, 'root', [...wide, ...narrow], known));
    },
  );

  it('has no name on the manual page that is not in the table, and the other way round', () => {
    const of64 = new Set([...numbersOf('x86_64').keys(), ...numbersOf('arm64').keys()]);
    of64.delete('clone3');
    expect(wide).toEqual([...of64].sort());
    const all = [...table.matchAll(/^CALL\(\w+, (\w+),/gm)].map(([, name = '']) => name);
    const others = all.filter((name) => !of64.has(name) && name !== 'clone3').sort();
    expect(narrow).toEqual(others);
  });

  it.skipIf(process.arch !== 'x64')('knows the numbers of the processor and of its programs of 32 bits', () => {
    for (const [column, header] of [
      ['x86_64', 'unistd_64'],
      ['i386', 'unistd_32'],
    ] as const) {
      const kernels = kernelNumbers(header);
      const ours = [...numbersOf(column)].filter(([name]) => kernels.has(name));
      expect(ours.length).toBeGreaterThan(200);
      expect(ours).toEqual(ours.map(([name]) => [name, kernels.get(name)]));
    }
  });

  it
    .skipIf(!roots)
    .each([
      ['clone', [17], 'taken'],
      ...[0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000].map(
        (flag) => ['clone', [flag + 17], 'refused'] as const,
      ),
      ['personality', [0xffffffff], 'taken'],
      ['personality', [0x0040000], 'taken'],
      ['personality', [0x0400000], 'refused'],
      ['ioctl', [0, 0x5401], 'taken'],
      ['ioctl', [0, 0x5412], 'refused'],
      ['ioctl', [0, 0x541c], 'refused'],
      ['fcntl', [0, 1], 'taken'],
      ...[8, 10, 15, 1024, 1026].map((command) => ['fcntl', [0, command], 'refused'] as const),
      ['socketpair', [1, 1], 'taken'],
      ['socketpair', [1, 0x80801], 'taken'],
      ['socketpair', [1, 2], 'refused'],
      ['socketpair', [1, 5], 'refused'],
      ['socketpair', [2, 1], 'refused'],
      ['prlimit64', [1], 'refused'],
      ['sched_setaffinity', [1], 'refused'],
      ['setpriority', [0, 1], 'refused'],
      ['setpriority', [1, 0], 'refused'],
      ['ioprio_set', [1, 0], 'taken'],
      ['ioprio_set', [1, 1], 'refused'],
    ] as const)('takes the words of %s %j as the manual page says: %s', (name, words, outcome) => {
    const number = numbersOf(native).get(name) ?? -1;
    expect(walk('root', 'one', String(number), ...words.map(String))).toBe(`${outcome}\n`);
  });
});
