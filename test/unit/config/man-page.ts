import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const top = resolve(import.meta.dirname, '../../..');

/** One entry of a list in a page: its head, and the text after it. */
export interface Item {
  readonly head: string;
  readonly body: string;
}

/** A manual page, as its source has it. */
export interface Page {
  readonly text: string;
  /** The entries of all lists, or of those of one section. */
  items(section?: string): Item[];
}

/** Reads `man/NAME`. */
export function readPage(name: string): Page {
  const text = readFileSync(resolve(top, 'man', name), 'utf8');
  const sections = text.split(/^\.Sh /m);
  const items = (part: string): Item[] =>
    part
      .split(/^\.It /m)
      .slice(1)
      .map((item) => {
        const [head = '', ...body] = item.split('\n');
        return { head, body: (body.join('\n').split(/^\.El/m)[0] ?? '').replaceAll(/\s+/g, ' ') };
      });
  return {
    text,
    items: (section) =>
      sections
        .slice(1)
        .filter((part) => section === undefined || part.startsWith(`${section}\n`))
        .flatMap(items),
  };
}

/** An option as a page has it. */
export interface PageOption {
  readonly takesValue: boolean;
  readonly body: string;
}

/** The options that a page explains, by their words: `-p`, `--port`. */
export function optionsOf(page: Page): Map<string, PageOption> {
  return new Map(
    page
      .items('DESCRIPTION')
      .filter(({ head }) => head.startsWith('Fl '))
      .flatMap(({ head, body }) =>
        [...head.matchAll(/Fl (\S+)/g)].map(
          (match) => [`-${match[1] ?? ''}`, { takesValue: / Ar /.test(head), body }] as const,
        ),
      ),
  );
}

/** What a page's lists name by a macro, in one section. */
export function namedBy(page: Page, macro: 'Ev' | 'Pa', section: string): Map<string, string> {
  return new Map(
    page
      .items(section)
      .filter(({ head }) => head.startsWith(`${macro} `))
      .flatMap(({ head, body }) =>
        head
          .slice(macro.length + 1)
          .split(' , ')
          .map((name) => [name.replace(/ Ns Ar .*$/, ''), body] as const),
      ),
  );
}

/** The texts of a program's source and of everything that it imports, without comments. */
export function sourcesOf(program: string): string[] {
  const seen = new Map<string, string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    const text = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    seen.set(file, text);
    for (const match of text.matchAll(/(?:from |import\()'(\.[^']+)'/g)) visit(resolve(dirname(file), match[1] ?? ''));
  };
  visit(resolve(top, `src/programs/${program}.ts`));
  return [...seen.values()];
}
