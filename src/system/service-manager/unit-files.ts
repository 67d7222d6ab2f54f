import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

const below = (top: string, ...names: readonly string[]): string[] => names.map((name) => `${top}/systemd/${name}`);

/** The folders of units; earlier ones win (systemd.unit(5)). Generators write to one of them. */
export const unitFolders: readonly string[] = [
  ...below('/etc', 'system.control'),
  ...below('/run', 'system.control', 'transient'),
  ...below('/etc', 'system'),
  ...below('/run', 'system', 'generator'),
  ...below('/usr/local/lib', 'system'),
  ...below('/usr/lib', 'system'),
  ...below('/lib', 'system'),
];

/** One unit, combined with its drop-ins as systemd does. */
export interface Unit {
  /** Its file, and its drop-ins in the order in which they apply. */
  readonly files: readonly string[];
  /** The values of a setting, one for each line after the last empty one, which resets the setting. */
  values(section: string, name: string): readonly string[];
}

type Assignment = readonly [section: string, name: string, value: string];

/** Reads a unit and its drop-ins; undefined when it does not exist or is masked. */
export function readUnit(name: string, folders: readonly string[]): Unit | undefined {
  const file = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (file === undefined || realpathSync(file) === '/dev/null') return undefined;
  const type = name.slice(name.lastIndexOf('.') + 1);
  const files = [file, ...dropIns([`${name}.d`, `${type}.d`], folders)];
  const assignments = files.flatMap((path) => parseUnit(readFileSync(path, 'utf8')));
  return {
    files,
    values(section, setting) {
      const values = assignments
        .filter(([of, called]) => of === section && called === setting)
        .map(([, , value]) => value);
      return values.slice(values.lastIndexOf('') + 1);
    },
  };
}

/** Drop-ins in the order of their names; of equal names, the one in the first folder counts. */
function dropIns(directories: readonly string[], folders: readonly string[]): string[] {
  const found = new Map<string, string>();
  for (const directory of directories) {
    for (const folder of folders) {
      const path = join(folder, directory);
      for (const name of existsSync(path) ? readdirSync(path) : []) {
        if (name.endsWith('.conf') && !found.has(name)) found.set(name, join(path, name));
      }
    }
  }
  const paths = [...found].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, path]) => path);
  return paths.filter((path) => existsSync(path) && realpathSync(path) !== '/dev/null');
}

function parseUnit(text: string): Assignment[] {
  const assignments: Assignment[] = [];
  let section = '';
  // A backslash continues a line; comments in between do not end it.
  const lines = text
    .replaceAll(/^[ \t]*[#;].*\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split('\n');
  for (const line of lines) {
    const title = /^\s*\[(.*)\]\s*$/.exec(line);
    const [, name, value = ''] = /^\s*([A-Za-z0-9-]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (title !== null) section = title[1] ?? '';
    else if (name !== undefined) assignments.push([section, name, value]);
  }
  return assignments;
}

/** Splits a value into words as systemd does: at blanks, with quotes, and C's escapes for backslash and quote. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  const word = /(?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\\.|[^\s"'\\])+/gs;
  for (const [found] of text.matchAll(word)) {
    const parts = found.matchAll(/"((?:[^"\\]|\\.)*)"?|'((?:[^'\\]|\\.)*)'?|((?:\\.|[^"'\\])+)/gs);
    words.push(
      [...parts]
        .map(([, double, single, plain]) => (double ?? single ?? plain ?? '').replaceAll(/\\(.)/gs, '$1'))
        .join(''),
    );
  }
  return words;
}

/** The variables of a unit's Environment= lines, with `%` for `%%`. */
export function environmentOf(unit: Unit): Record<string, string> {
  const words = unit.values('Service', 'Environment').flatMap(splitWords);
  const entries = words.map((word) => /^([^=]+)=(.*)$/s.exec(word.replaceAll('%%', '%')));
  return Object.fromEntries(entries.flatMap((found) => (found === null ? [] : [[found[1] ?? '', found[2] ?? '']])));
}

/**
 * The words of a command line with variables replaced. `$NAME` as a whole word becomes as many words as its value has.
 */
export function commandWords(command: string, environment: Readonly<Record<string, string>>): string[] {
  return splitWords(command).flatMap((word) => {
    const [, whole] = /^\$(\w+)$/.exec(word) ?? [];
    if (whole !== undefined) return splitWords(environment[whole] ?? '');
    return [word.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => environment[name] ?? '').replaceAll('%%', '%')];
  });
}
