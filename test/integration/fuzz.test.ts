import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chosenSeed } from '../../proof/dice.ts';
import { describeFind } from '../../proof/fuzz/fuzz.ts';
import { corpusOf, fuzzTarget, replay } from '../../proof/fuzz/fuzz-target.ts';
import type { Target } from '../../proof/fuzz/target.ts';
import { targetMakers } from '../../proof/fuzz/targets.ts';
import { needs } from '../support/needs.ts';

const top = resolve(import.meta.dirname, '../..');
const corpus = join(top, 'test/corpus');
const makers = targetMakers(top);

/** Inputs that a target reads here; `npm run fuzz` goes on for as long as it is told. */
const inputs: Readonly<Record<string, number>> = {
  'allow-list': 3000,
  launcher: 60,
  'response-files': 300,
  'settings-file': 60,
};
const usual = 1000;
const needsCompiler = new Set(['launcher', 'settings-file']);

const enabled = (name: string): boolean => !needsCompiler.has(name) || needs('cc', 'gcc');

describe.skipIf(process.platform !== 'linux').each([...makers.keys()].filter(enabled))('the target %s', (name) => {
  let target: Target;
  beforeAll(async () => {
    const made = await makers.get(name)?.();
    if (made === undefined) throw new Error('no such target');
    target = made;
  });
  afterAll(() => target.close?.());

  it('reads what once broke it', async () => {
    for (const file of corpusOf(corpus, target)) await replay(target, file);
  });

  it('reads inputs that follow from a seed', async () => {
    const seed = chosenSeed();
    const last = inputs[name] ?? usual;
    console.log(`${name}: seed ${seed} (to repeat: DISTCCD_TEST_SEED=${seed})`);
    const { runs, signs, find } = await fuzzTarget(target, { seed, goesOn: (done) => done < last, corpus });
    expect(find === undefined ? '' : describeFind(find, top)).toBe('');
    expect(runs).toBe(last);
    expect(signs).toBeGreaterThan(1);
  });
});
