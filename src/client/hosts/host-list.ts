import { Failure } from '../../basics/failure.ts';
import { exitStatus } from '../../basics/exit-status.ts';
import type { Host } from './host.ts';
import { isWideText, linesOf, shown, strangeCharacter } from './host-text.ts';
import { BadWord, readHostWord, readSlots } from './host-word.ts';

/** The user's hosts, best first, and the list's settings for this machine. */
export interface HostList {
  readonly hosts: readonly Host[];
  readonly randomize: boolean;
  /** How many jobs that cannot be distributed may run here at a time. */
  readonly localSlots: number;
  /** How many preprocessors may run here at a time. */
  readonly cppSlots: number;
  /** A sentence for each part of the list that is ignored or changed. */
  readonly warnings: readonly string[];
}

/** The defaults when there is no list. */
export const noHosts: HostList = { hosts: [], randomize: false, localSlots: 4, cppSlots: 8, warnings: [] };

/** Where a list comes from. */
export interface HostSource {
  /** `$DISTCC_HOSTS` or the file's path. */
  readonly name: string;
  readonly text: string;
  /** How a message names a place in the list: a file by its line, a variable by its word. */
  readonly unit: 'lines' | 'words';
}

interface FoundWord {
  readonly word: string;
  readonly where: string;
}

function* wordsOf({ name, text, unit }: HostSource): Generator<FoundWord> {
  let count = 0;
  for (const [index, line] of linesOf(text).entries()) {
    for (const word of line.split(/[ \t\f\v]+/)) {
      if (word === '') continue;
      count += 1;
      yield { word, where: unit === 'lines' ? `${name}, line ${index + 1}` : `${name}, word ${count}` };
    }
  }
}

function refuse(sentence: string, cause?: unknown): never {
  throw new Failure(exitStatus.badHostSpecification, sentence, { cause });
}

/** A list that is being read. */
interface Draft {
  hosts: Host[];
  randomize: boolean;
  localSlots: number;
  cppSlots: number;
}

function readWord(word: string, draft: Draft, warn: (sentence: string) => void): void {
  const character = strangeCharacter(word);
  if (character !== undefined) {
    throw new BadWord(
      `the character ${character} is not part of a host`,
      'separate hosts by plain spaces or line ends',
    );
  }
  const slots = /^--localslots(_cpp)?(?:([=/])(.*))?$/.exec(word);
  if (slots !== null) {
    const [, cpp, separator, text] = slots;
    const value = text === undefined ? undefined : readSlots(text, warn, separator);
    if (cpp === undefined) draft.localSlots = value ?? noHosts.localSlots;
    else draft.cppSlots = value ?? noHosts.cppSlots;
  } else if (word.startsWith('--randomize')) draft.randomize = true;
  else if (word === '+zeroconf')
    warn('finding hosts by "+zeroconf" is not supported: passing over it, list hosts by name');
  else draft.hosts.push(readHostWord(word, warn));
}

/**
 * Reads a host list (doc/distcc-behaviour.md, "Host list").
 * @throws Failure (status 106) that names the word, the fault and the cure: one bad word makes the whole list useless,
 * as in distcc
 */
export function parseHostList(source: HostSource): HostList {
  if (isWideText(source.text)) refuse(`${source.name} is written in UTF-16: save it as UTF-8 or plain ASCII`);
  const draft: Draft = { hosts: [], randomize: false, localSlots: noHosts.localSlots, cppSlots: noHosts.cppSlots };
  const warnings: string[] = [];
  for (const { word, where } of wordsOf(source)) {
    try {
      readWord(word, draft, (sentence) => warnings.push(`${where} ("${shown(word)}"): ${sentence}`));
    } catch (error) {
      if (!(error instanceof BadWord)) throw error;
      refuse(`${error.message} (${where}, "${shown(word)}"): ${error.cure}`, error);
    }
  }
  return { ...draft, warnings };
}

/** How many jobs all hosts can take at a time, which `distcc -j` prints. */
export function totalSlots({ hosts }: HostList): number {
  return hosts.reduce((sum, host) => sum + host.slots, 0);
}

/** The hosts in a random order; `random` gives numbers from 0 to below 1. */
export function shuffle(hosts: readonly Host[], random: () => number): Host[] {
  const shuffled = [...hosts];
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const [one, two] = [shuffled[last], shuffled[other]];
    if (one === undefined || two === undefined) break;
    shuffled[last] = two;
    shuffled[other] = one;
  }
  return shuffled;
}
