import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Dice } from '../dice.ts';
import { mutate } from './mutate.ts';
import type { Target } from './target.ts';

/** An input that broke a target. */
export interface Find {
  readonly target: string;
  readonly file: string;
  readonly error: unknown;
  /** The beginning of the input, for people. */
  readonly shown: string;
}

/** What a run came to. */
export interface Run {
  readonly runs: number;
  /** How many different signs there were. */
  readonly signs: number;
  readonly find: Find | undefined;
}

/** The files of inputs that once broke a target. */
export function corpusOf(corpus: string, { name }: Target): readonly string[] {
  try {
    return readdirSync(join(corpus, name))
      .sort()
      .map((file) => join(corpus, name, file));
  } catch {
    return [];
  }
}

async function errorOf(target: Target, input: Buffer): Promise<{ readonly error: unknown } | undefined> {
  try {
    await target.read(input);
    return undefined;
  } catch (error) {
    return { error };
  }
}

/** The input without all that it does not need to fail, as far as a few hundred tries find out. */
async function shortened(target: Target, input: Buffer): Promise<Buffer> {
  let bytes = input;
  let tries = 400;
  for (let size = bytes.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < bytes.length && tries > 0; tries -= 1) {
      const less = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]);
      if ((await errorOf(target, less)) === undefined) at += size;
      else bytes = less;
    }
  }
  return bytes;
}

/** Saves an input that broke a target where the tests will find it. */
async function keep(target: Target, input: Buffer, corpus: string): Promise<Find> {
  const bytes = await shortened(target, input);
  const folder = join(corpus, target.name);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, createHash('sha256').update(bytes).digest('hex').slice(0, 12));
  writeFileSync(file, bytes);
  const { error } = (await errorOf(target, bytes)) ?? { error: 'it did not fail the second time' };
  return { target: target.name, file, error, shown: JSON.stringify(bytes.toString('latin1').slice(0, 500)) };
}

/** Has a target read an input of the corpus again. @throws what it throws */
export async function replay(target: Target, file: string): Promise<void> {
  await target.read(readFileSync(file));
}

/** How far a run goes. */
export interface Course {
  readonly seed: number;
  /** Whether to go on after this many inputs. */
  readonly goesOn: (runs: number) => boolean;
  /** The folder of the corpus of all targets. */
  readonly corpus: string;
}

/** Has a target read inputs that follow from a seed, until one breaks it. */
export async function fuzzTarget(target: Target, { seed, goesOn, corpus }: Course): Promise<Run> {
  const dice = new Dice(seed);
  const kept = corpusOf(corpus, target).map((file) => readFileSync(file));
  const pool: [Buffer, ...Buffer[]] = [...target.seeds, ...kept];
  const signs = new Set<string>();
  let runs = 0;
  for (; goesOn(runs); runs += 1) {
    const input =
      runs < pool.length && runs < target.seeds.length
        ? (pool[runs] ?? pool[0])
        : mutate({ dice, pool, dictionary: target.dictionary });
    let sign: string;
    try {
      const said = target.read(input);
      sign = typeof said === 'string' ? said : await said;
    } catch {
      return { runs, signs: signs.size, find: await keep(target, input, corpus) };
    }
    if (signs.has(sign)) continue;
    signs.add(sign);
    if (pool.length < 2000) pool.push(input);
  }
  return { runs, signs: signs.size, find: undefined };
}
