import { existsSync, linkSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, describe, it } from 'vitest';
import type { CompilerAnswer, ReadFile } from '../../../../src/client/headers/disk.ts';
import { findInputs, recallInputs } from '../../../../src/client/headers/find-inputs.ts';
import { HeaderGraph } from '../../../../src/client/headers/header-graph.ts';
import type { Found } from '../../../../src/client/headers/inputs.ts';
import { stampsDigest } from '../../../../src/wire/agent/gate.ts';
import { chosenSeed, Dice } from '../../../../proof/dice.ts';
import { needs } from '../../../support/needs.ts';
import { CalmDisk } from './calm-disk.ts';
import { inputsOf, Project } from './project.ts';

/** Waits until the file system gives another time: kernels step by 4 ms or so, and no two changes are to share one. */
async function nextTick(project: Project): Promise<void> {
  const probe = join(project.path, 'probe');
  const timeOf = (): bigint => {
    writeFileSync(probe, '');
    return statSync(probe, { bigint: true }).mtimeNs;
  };
  const before = timeOf();
  while (timeOf() === before) await setTimeout(1);
}

const folders = ['one', 'one/sub', 'two', 'three'] as const;
const headers = ['a.h', 'b.h', 'sub/c.h', 'd.h'] as const;
const sources = ['0.c', '1.c', '2.c', '3.c'] as const;

const texts = [
  '',
  '#include <a.h>\n',
  '#include "b.h"\n#include <sub/c.h>\n',
  '#if __has_include(<d.h>)\n#include <d.h>\n#endif\n',
  '#include_next <a.h>\n#include <d.h>\n',
] as const;

/** Makes, removes or replaces one of the headers, or makes it a link or another name of one. */
function change(project: Project, dice: Dice): void {
  const place = (): string => join(project.path, dice.pick(folders), dice.pick(headers));
  const [path, other, kind] = [place(), place(), dice.pick(['write', 'replace', 'link', 'twin', 'remove'])];
  mkdirSync(dirname(path), { recursive: true });
  if (kind === 'replace') {
    writeFileSync(`${path}.new`, dice.pick(texts));
    renameSync(`${path}.new`, path);
    return;
  }
  rmSync(path, { force: true });
  if (kind === 'write') writeFileSync(path, dice.pick(texts));
  else if (kind === 'link') symlinkSync(other, path);
  else if (kind === 'twin' && existsSync(other)) linkSync(other, path);
}

/** Answers that are held back. */
class Held {
  #waiting: (() => void)[] = [];

  get some(): boolean {
    return this.#waiting.length > 0;
  }

  hold(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Lets one of them come. */
  async release(dice: Dice): Promise<void> {
    const [one] = this.#waiting.splice(dice.below(this.#waiting.length), 1);
    one?.();
    await setTimeout(0);
  }
}

let answer: Promise<CompilerAnswer> | undefined;

/** A calm disk whose answers come when a test wants. */
class HeldDisk extends CalmDisk {
  readonly #held: Held | undefined;
  readonly #isEarly: () => boolean;

  constructor(path: string, held?: Held, isEarly: () => boolean = () => true) {
    super(path);
    this.#held = held;
    this.#isEarly = isEarly;
  }

  /** The disk is looked at before the answer is held back, or after. */
  async #late<T>(does: () => Promise<T>): Promise<T> {
    if (this.#held === undefined) return does();
    if (!this.#isEarly()) {
      await this.#held.hold();
      return does();
    }
    const done = await does();
    await this.#held.hold();
    return done;
  }

  override look(paths: Buffer): Promise<Buffer> {
    return this.#late(() => super.look(paths));
  }

  override readLinks(paths: readonly string[]): Promise<readonly (string | undefined)[]> {
    return this.#late(() => super.readLinks(paths));
  }

  override read(paths: readonly string[]): Promise<readonly (ReadFile | undefined)[]> {
    return this.#late(() => super.read(paths));
  }

  override ask(argv: readonly string[]): Promise<CompilerAnswer> {
    return (answer ??= super.ask(argv));
  }
}

const jobOf = (project: Project, source: string): Parameters<typeof findInputs>[0] => ({
  source,
  argv: ['gcc', '-Ione', '-Itwo', '-Ithree', '-c', source],
  directory: project.path,
  environment: { PATH: process.env['PATH'] ?? '' },
});

/** What was found in a project, as lines. */
function linesOf(project: Project, found: Found): string[] {
  if (found.kind === 'preprocess') return [found.because];
  return inputsOf(found).flatMap((input) => {
    if (!input.path.startsWith(project.path)) return [];
    const path = input.path.slice(project.path.length);
    if (input.kind === 'link') return [`${path} -> ${input.target}`];
    return [input.kind === 'file' ? `${path} ${Buffer.from(input.hash, 'latin1').toString('hex')}` : `${path}/`];
  });
}

/** What a job finds, or what an earlier one has told if the premise of that holds. */
async function findOn(project: Project, disk: HeldDisk, source: string): Promise<Found> {
  const job = jobOf(project, source);
  const recalled = recallInputs(job, project.graph);
  if (recalled?.kind !== 'inputs' || recalled.premise === undefined) return findInputs(job, disk, project.graph);
  const { paths, digest } = recalled.premise;
  if (stampsDigest(await disk.look(paths)).equals(digest)) return recalled;
  return findInputs(job, disk, project.graph);
}

/** One change, with jobs that are under way before it and jobs that begin after it. */
async function playRound(project: Project, held: Held, dice: Dice): Promise<void> {
  const begin = (source: string): Promise<Found> =>
    findOn(project, new HeldDisk(project.path, held, () => dice.oneIn(2)), source);
  const some = (least: number): string[] => Array.from({ length: least + dice.below(3) }, () => dice.pick(sources));
  // These may go on in the next rounds.
  void Promise.allSettled(some(0).map(begin));
  for (let count = 0; count < 3 && held.some; count += 1) await held.release(dice);
  change(project, dice);
  await nextTick(project);
  const after = some(1).map(async (source) => ({ source, found: await begin(source) }));
  const ended = Promise.all(after);
  const isOver = { yes: false };
  ended.then(() => (isOver.yes = true)).catch(() => {});
  while (!isOver.yes) await (held.some ? held.release(dice) : setTimeout(0));
  for (const { source, found } of await ended) {
    const truth = await findInputs(jobOf(project, source), new HeldDisk(project.path), new HeaderGraph());
    expect(linesOf(project, found)).toEqual(linesOf(project, truth));
  }
}

async function playProject(dice: Dice): Promise<void> {
  const project = new Project();
  const held = new Held();
  try {
    for (const [at, source] of sources.entries()) project.write(source, `#include <${headers[at]}>\n#include <a.h>\n`);
    for (const folder of folders) mkdirSync(join(project.path, folder), { recursive: true });
    for (const name of headers) project.write(`three/${name}`, '');
    await nextTick(project);
    for (let round = 0; round < 10; round += 1) await playRound(project, held, dice);
  } finally {
    while (held.some) await held.release(dice);
    project.remove();
  }
}

describe('findInputs() for jobs at a time, and changes between them', () => {
  it.skipIf(!needs('gcc', 'gcc'))(
    'finds for each job what a look at all of the disk finds',
    async () => {
      const seed = chosenSeed();
      console.log(`jobs together: seed ${seed} (to repeat: DISTCCD_TEST_SEED=${seed})`);
      const dice = new Dice(seed);
      for (let count = 0; count < 15; count += 1) await playProject(dice);
    },
    120_000,
  );
});
