import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The house from the ground up: a file imports its own folder and lower floors, never a neighbour, never upward. */
const floors = [
  ['basics'],
  ['wire', 'compiler'],
  ['system'],
  ['logging', 'config', 'job-state', 'agent-state', 'probe'],
  ['server', 'client', 'monitor', 'masquerade'],
  ['programs'],
];

/** The rooms of a house that has floors of its own; '' stands for the files beside the rooms. */
const rooms: Readonly<Record<string, readonly (readonly string[])[]>> = {
  server: [
    ['policy', 'log', 'announce'],
    ['limits'],
    ['inputs'],
    ['job'],
    ['results', 'compilers'],
    ['connection'],
    ['start', 'listen'],
    ['metrics'],
    [''],
  ],
  client: [
    ['job', 'hosts'],
    ['slots', 'transport', 'user-files', 'messages', 'headers'],
    ['compile'],
    ['builds'],
    ['agent'],
    ['explain', 'trace'],
    ['doctor'],
    [''],
  ],
  compiler: [[''], ['names'], ['allow-list', 'messages', 'content'], ['command']],
  wire: [['reading'], ['lzo', 'agent'], [''], ['inputs']],
  system: [[''], ['processes', 'descriptors'], ['files', 'machine', 'service-manager'], ['fence', 'accounts']],
};

/** Floors that must stay pure: no clock, no file, no process; Buffer is a global and needs no import. */
const pure = new Set(['basics', 'wire', 'compiler']);

const source = resolve(import.meta.dirname, '../../src');

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(join(source, name), 'utf8') }));

const floorOf = (building: readonly (readonly string[])[], folder: string): number =>
  building.findIndex((names) => names.includes(folder));

/** The house and the room of a file; a file beside the rooms is in ''. */
function roomOf(name: string): { readonly house: string; readonly room: string } {
  const [house = '', ...rest] = name.split('/');
  return { house, room: rest.length > 1 ? (rest[0] ?? '') : '' };
}

function importsOf(text: string): string[] {
  const found = text.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|\bimport\s+|\brequire\(\s*)['"]([^'"]+)['"]/g);
  return [...found].map((match) => match[1] ?? '');
}

const targetOf = (name: string, specifier: string): string =>
  relative(source, resolve(source, dirname(name), specifier));

/** What is wrong with one import, or undefined. */
function wrong(name: string, specifier: string): string | undefined {
  const from = roomOf(name);
  if (!specifier.startsWith('.')) {
    return pure.has(from.house) ? `${name} imports "${specifier}", but ${from.house} is pure` : undefined;
  }
  const to = roomOf(targetOf(name, specifier));
  const fault = `${name} imports "${specifier}", which is not below it`;
  if (to.house !== from.house) return floorOf(floors, to.house) < floorOf(floors, from.house) ? undefined : fault;
  const building = rooms[from.house];
  if (building === undefined || to.room === from.room) return undefined;
  return floorOf(building, to.room) < floorOf(building, from.room) ? undefined : fault;
}

/** Folders that import each other, over however many others: each circle once, as its folders in order. */
function circlesIn(imports: ReadonlyArray<readonly [string, string]>): string[] {
  const next = new Map<string, Set<string>>();
  for (const [from, to] of imports) if (from !== to) next.set(from, (next.get(from) ?? new Set()).add(to));
  const reached = (start: string): Set<string> => {
    const seen = new Set<string>();
    const open = [start];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const to of next.get(at) ?? []) if (!seen.has(to)) open.push(...(seen.add(to), [to]));
    }
    return seen;
  };
  const all = new Map([...next.keys()].map((folder) => [folder, reached(folder)]));
  const circles = [...all].map(([folder, seen]) => [...seen].filter((other) => all.get(other)?.has(folder) === true));
  return [...new Set(circles.filter((circle) => circle.length > 0).map((circle) => circle.sort().join(' ')))];
}

const folderImports = files.flatMap(({ name, text }) =>
  importsOf(text)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => [dirname(name), dirname(targetOf(name, specifier))] as const),
);

describe('floors', () => {
  it('finds the sources', () => {
    expect(files.length).toBeGreaterThan(5);
  });

  it('every file lives in a known room on a known floor', () => {
    const lost = files.filter(({ name }) => {
      const { house, room } = roomOf(name);
      const building = rooms[house];
      return floorOf(floors, house) === -1 || (building !== undefined && floorOf(building, room) === -1);
    });
    expect(lost.map(({ name }) => name)).toEqual([]);
  });

  it('no file imports upward, sideways, or the world into a pure floor', () => {
    const faults = files.flatMap(({ name, text }) => importsOf(text).map((specifier) => wrong(name, specifier)));
    expect(faults.filter((fault) => fault !== undefined)).toEqual([]);
  });

  it('no folders import each other', () => {
    expect(circlesIn(folderImports)).toEqual([]);
  });

  it('the pure floors use no clock and no process', () => {
    const impure = /\b(?:Date|process|performance|setTimeout|Math\.random)\b/;
    const code = (text: string): string =>
      text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').replaceAll(/'[^'\n]*'/g, '');
    const faults = files.filter(({ name, text }) => pure.has(roomOf(name).house) && impure.test(code(text)));
    expect(faults.map(({ name }) => name)).toEqual([]);
  });

  it.each([
    ['wire/token.ts', '../system/posix.ts'],
    ['compiler/names/source-name.ts', '../command/split-command.ts'],
    ['server/job/run-job.ts', '../../client/compile/compile.ts'],
    ['logging/logger.ts', '../config/options.ts'],
    ['wire/token.ts', 'node:fs'],
    ['server/policy/refusal.ts', '../connection/conversation.ts'],
    ['server/start/detach.ts', '../listen/bind.ts'],
    ['client/hosts/host.ts', '../command-line.ts'],
    ['system/posix.ts', './files/file-lock.ts'],
  ])('would catch %s importing %s', (name, specifier) => {
    expect(wrong(name, specifier)).toBeDefined();
  });

  it('would catch a circle', () => {
    const planted = [
      ['hall', 'attic'],
      ['attic', 'cellar'],
      ['cellar', 'hall'],
    ] as const;
    expect(circlesIn([...folderImports, ...planted])).toEqual(['attic cellar hall']);
  });
});
