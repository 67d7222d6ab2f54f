import { finish } from '../../basics/steps.ts';
import type { Steps } from '../../basics/steps.ts';

/** How much of a rule is read. */
export interface RuleLimits {
  /** Different names. */
  readonly names: number;
  /** Bytes of one name, as it stands in the rule. */
  readonly length: number;
}

/** Where the names begin, after the target; undefined where no rule begins. */
function* endOfTarget(text: string): Steps<number | undefined> {
  for (const [found, at] of positions(text, /\\[^\n]|[:\n]/g)) {
    if (found === ':') return /[ \n]/.test(text.charAt(at + 1)) ? at + 1 : undefined;
    if (found === '\n') return undefined;
    yield;
  }
  return undefined;
}

function* positions(text: string, pattern: RegExp): Generator<readonly [found: string, at: number]> {
  for (const match of text.matchAll(pattern)) yield [match[0], match.index];
}

/** A backslash hides a blank or "#", and those before it are doubled; elsewhere a backslash is itself. */
function plainName(word: string): string {
  const halved = (all: string, hiding: string, letter: string): string =>
    letter === '' ? all : `${'\\'.repeat((hiding.length - 1) / 2)}${letter}`;
  return word.replaceAll('$$', '$').replaceAll(/(\\+)([\s#]?)/g, halved);
}

/**
 * The different names after the target in a rule of make, as `cc -M` writes it, in steps, each of which takes time for
 * no more than a name; undefined for any other text, and for a rule that exceeds the limits.
 */
export function* dependencyNames(text: string, limits: RuleLimits): Steps<ReadonlySet<string> | undefined> {
  const start = yield* endOfTarget(text);
  if (start === undefined) return undefined;
  const rule = text.slice(start).replaceAll('\\\n', ' ');
  const end = rule.indexOf('\n');
  const names = new Set<string>();
  for (const [word] of positions(end === -1 ? rule : rule.slice(0, end), /(?:\\[^]|[^\s\\])+/g)) {
    if (word.length > limits.length) return undefined;
    names.add(plainName(word));
    if (names.size > limits.names) return undefined;
    yield;
  }
  return names;
}

/** The same of a text of this machine's, at once. */
export function readDependencyRule(text: string): string[] | undefined {
  const names = finish(dependencyNames(text, { names: Number.POSITIVE_INFINITY, length: Number.POSITIVE_INFINITY }));
  return names === undefined ? undefined : [...names];
}
