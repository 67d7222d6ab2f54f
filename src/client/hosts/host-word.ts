import { defaultPort } from '../../wire/port.ts';
import { readWholeNumber } from '../../basics/whole-number.ts';
import type { DistantHost, Host } from './host.ts';
import { shown } from './host-text.ts';

const defaultSlots = 4;
const defaultLocalSlots = 2;
/** The longest name that DNS has (RFC 1035). */
const longestName = 253;

/** A word that is not a host: what is wrong with it, and the cure. */
export class BadWord extends Error {
  readonly cure: string;

  constructor(fault: string, cure: string) {
    super(fault);
    this.name = 'BadWord';
    this.cure = cure;
  }
}

/** Reports a part of a word that is ignored. */
type Warn = (sentence: string) => void;

const numberWords = 'a number of jobs is a whole number from 1, such as "/8"';

/**
 * Reads a number of jobs as distcc does: text after the digits is ignored, here with a warning. A host with a negative
 * number is never used.
 */
export function readSlots(text: string, warn: Warn, separator = '/'): number {
  const [, digits = '', rest = ''] = /^(-?[0-9]+)(.*)$/.exec(text) ?? [];
  const value = readWholeNumber(digits.replace(/^-/, ''), 1, 1_000_000);
  if (value === undefined) {
    throw new BadWord(`bad multiplier "${separator}${shown(text)}" in host specification`, numberWords);
  }
  if (rest !== '') warn(`passing over "${shown(rest)}" after the number of jobs`);
  if (!digits.startsWith('-')) return value;
  warn(`the number of jobs is ${digits}: the host is never used`);
  return 0;
}

function readPort(text: string | undefined): number {
  if (text === undefined) return defaultPort;
  const port = readWholeNumber(text, 1, 65_535);
  if (port !== undefined) return port;
  const cure = 'a port is a number from 1 to 65535';
  const brackets = text.includes(':') ? ', and an IPv6 address stands in brackets, as in "[fd00::7]"' : '';
  throw new BadWord(`invalid tcp port specification in "${shown(text)}"`, `${cure}${brackets}`);
}

/** Checks a host name, which becomes a part of a file's name. */
function checkName(name: string): void {
  if (name.length > longestName) {
    const fault = `a host name of ${name.length} characters`;
    throw new BadWord(fault, `a host name has at most ${longestName} characters`);
  }
  if (name.includes('/')) throw new BadWord('a host name with "/" in it', 'write a name or an address');
}

interface Options {
  readonly version: 1 | 2;
  readonly down: boolean;
}

/** Reads `,lzo,cpp,down`; the text starts with a comma or is empty. */
function readOptions(text: string, warn: Warn): Options {
  const names = new Set<string>();
  for (const option of text.split(',').slice(1)) {
    const [, name, rest = ''] = /^(lzo|cpp|down|auth(?:=.*)?$)(.*)$/.exec(option) ?? [];
    if (name === undefined) {
      throw new BadWord(
        `unrecognized option in host specification: ,${shown(option)}`,
        'the options of a host are ",lzo" and ",down"',
      );
    }
    if (name.startsWith('auth')) {
      throw new BadWord(
        'authentication (",auth") is not supported',
        'take the option away or use an ssh host, "@host"',
      );
    }
    if (rest !== '') warn(`passing over "${shown(rest)}" after ",${name}"`);
    names.add(name);
  }
  if (names.has('cpp') && !names.has('lzo')) {
    throw new BadWord("pump mode (',cpp') requires compression (',lzo')", 'write ",lzo,cpp" or ",lzo"');
  }
  if (names.has('cpp')) warn('the files mode (",cpp", pump) is not supported yet: sending preprocessed source');
  return { version: names.has('lzo') ? 2 : 1, down: names.has('down') };
}

/** The number of jobs, written before or after the port. */
function slotsOf(one: string | undefined, other: string | undefined, warn: Warn): number {
  const text = other ?? one;
  return text === undefined ? defaultSlots : readSlots(text, warn);
}

function readSsh(word: string, warn: Warn): DistantHost {
  const match = /^([^@]*)@(?:\[([^\]]*)\]|([^/=:,]*))(?:[/=]([^:,]*))?(?::([^,]*))?(,.*)?$/.exec(word);
  const [, user = '', bracketed, plain, slots, command = '', options = ''] = match ?? [];
  const name = bracketed ?? plain ?? '';
  if (match === null || name === '') {
    throw new BadWord('no host name after "@"', 'an ssh host is written "@host" or "user@host"');
  }
  // ssh would read such a word as one of its options.
  if (name.startsWith('-') || user.startsWith('-')) {
    throw new BadWord('an ssh host or user begins with "-"', 'write its real name');
  }
  checkName(name);
  return {
    kind: 'ssh',
    definition: word,
    name,
    ...(user === '' ? {} : { user }),
    command: command === '' ? 'distccd' : command,
    slots: slotsOf(slots, undefined, warn),
    ...readOptions(options, warn),
  };
}

function readTcp(word: string, warn: Warn): DistantHost {
  const ipv6 = word.startsWith('[');
  const match = ipv6
    ? /^\[([^/\],]*)\](?:[/=]([^:,]*))?(?::([^/=,]*))?(?:[/=]([^,]*))?(,.*)?$/.exec(word)
    : /^([^/:,]*)(?:\/([^:,]*))?(?::([^/,]*))?(?:\/([^,]*))?(,.*)?$/.exec(word);
  const [, name = '', early, port, late, options = ''] = match ?? [];
  if (match === null) {
    throw new BadWord(
      'this is not a host specification',
      `an IPv6 address is written in brackets, such as "[::1]:${defaultPort}"`,
    );
  }
  if (name === '') throw new BadWord('a host name is missing', 'a host is written NAME, NAME:PORT or "[IPV6]:PORT"');
  checkName(name);
  if (name.includes('=')) warn(`the host is called "${shown(name)}": a number of jobs is written after "/"`);
  return {
    kind: 'tcp',
    definition: word,
    name,
    port: readPort(port),
    slots: slotsOf(early, late, warn),
    ...readOptions(options, warn),
  };
}

/**
 * Reads one word of a host list (doc/distcc-behaviour.md, "Host list").
 * @throws BadWord
 */
export function readHostWord(word: string, warn: Warn): Host {
  const local = /^localhost(?:\/(.*))?$/.exec(word);
  if (local !== null) {
    const slots = local[1] === undefined ? defaultLocalSlots : readSlots(local[1], warn);
    return { kind: 'local', definition: word, slots };
  }
  if (/^[^/:,[]*@/.test(word)) return readSsh(word, warn);
  if (word.startsWith('-') || word.startsWith('+')) {
    throw new BadWord(
      `unknown word "${shown(word)}" in the host list`,
      'the words are --randomize, --localslots=N and --localslots_cpp=N',
    );
  }
  return readTcp(word, warn);
}
