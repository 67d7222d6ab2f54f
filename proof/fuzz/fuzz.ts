import { existsSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { chosenSeed } from '../dice.ts';
import { corpusOf, fuzzTarget, replay } from './fuzz-target.ts';
import type { Find } from './fuzz-target.ts';
import type { Target } from './target.ts';
import { targetMakers } from './targets.ts';

const usage = 'usage: npm run fuzz -- MINUTES [TARGET], or npm run fuzz -- FILE for one input of test/corpus';

/** What people need to know about an input that broke a target. */
export function describeFind({ target, file, error, shown }: Find, top: string): string {
  const where = relative(top, file);
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `${target} fails on ${shown}\n${text}\nsaved as ${where}; to repeat: npm run fuzz -- ${where}`;
}

async function once(target: Target, milliseconds: number, top: string): Promise<boolean> {
  const seed = chosenSeed();
  const corpus = join(top, 'test/corpus');
  console.log(
    `${target.name}: seed ${seed} (to repeat: DISTCCD_TEST_SEED=${seed} npm run fuzz -- MINUTES ${target.name})`,
  );
  for (const file of corpusOf(corpus, target)) await replay(target, file);
  const end = performance.now() + milliseconds;
  const { runs, signs, find } = await fuzzTarget(target, { seed, goesOn: () => performance.now() < end, corpus });
  console.log(`${target.name}: ${runs} inputs with ${signs} different outcomes`);
  if (find !== undefined) console.log(describeFind(find, top));
  return find === undefined;
}

/**
 * `npm run fuzz`: feeds what reads strangers' bytes with inputs made from good ones; the status is 1 when one
 * breaks its target.
 */
export async function main(top: string, words: readonly string[]): Promise<number> {
  const [first = '', wished] = words;
  const makers = targetMakers(top);
  const file = resolve(first);
  if (existsSync(file) && makers.has(basename(dirname(file)))) {
    const target = await makers.get(basename(dirname(file)))?.();
    if (target !== undefined) await replay(target, file);
    target?.close?.();
    console.log('no failure');
    return 0;
  }
  const minutes = Number(first);
  const names = wished === undefined ? [...makers.keys()] : [wished];
  if (!(minutes > 0) || !names.every((name) => makers.has(name))) {
    console.error(`${usage}\ntargets: ${[...makers.keys()].join(', ')}`);
    return 101;
  }
  let well = true;
  for (const name of names) {
    const target = await makers.get(name)?.();
    if (target === undefined) continue;
    well = (await once(target, (minutes * 60_000) / names.length, top)) && well;
    target.close?.();
  }
  return well ? 0 : 1;
}
