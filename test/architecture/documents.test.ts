import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const top = resolve(import.meta.dirname, '../..');

/** Where people write text that may name a document; what they make of it, and corpora of wild bytes, are left out. */
const folders = ['.', 'bench', 'demo', 'doc', 'man', 'packaging', 'proof', 'scripts', 'src', 'test'];
const leftOut = /(?:^|\/)(?:node_modules|dist|corpus|wild\.tsv|package-lock\.json|LICENSE)(?:\/|$)/;

function filesIn(folder: string): string[] {
  return readdirSync(join(top, folder), { withFileTypes: true, recursive: folder !== '.' })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(top, join(entry.parentPath, entry.name)))
    .filter((name) => !leftOut.test(name) && !/\.(?:gz|bin|o|png)$/.test(name));
}

const texts: ReadonlyMap<string, string> = new Map(
  folders.flatMap((folder) => filesIn(folder)).map((name) => [name, readFileSync(join(top, name), 'utf8')]),
);
const documents = new Map([...texts].filter(([name]) => name.endsWith('.md')));

/** A document without its blocks of code. */
const prose = (text: string): string => text.replaceAll(/^```[^]*?^```$/gm, '');

/** The titles of a document's sections. */
function sectionsOf(text: string): string[] {
  return [...prose(text).matchAll(/^#{1,6} (.*)$/gm)].map(([, title = '']) => title);
}

/** What the address of a section ends with, as forges make it. */
const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');

/** The sections of a manual page, both kinds; undefined for one that is not ours. */
function sectionsOfPage(name: string): string[] | undefined {
  const text = texts.get(`man/${name}`);
  return text === undefined
    ? undefined
    : [...text.matchAll(/^\.S[hs] (.*)$/gm)].map(([, title = '']) => title.replaceAll('"', ''));
}

/** Text in which lines do not matter, and neither do the stars, slashes or hashes that comments have before each. */
const joined = (text: string): string => text.replaceAll(/\s*\n[ \t]*(?:\*|\/\/|#|\.\\")?[ \t]*/g, ' ');

/** Faults of the links in one document: to files, and to sections of them. */
function brokenLinks(name: string, text: string): string[] {
  const targets = [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? name : join(dirname(name), path);
      if (!existsSync(join(top, file))) return true;
      return anchor !== undefined && !sectionsOf(texts.get(file) ?? '').some((title) => anchorOf(title) === anchor);
    })
    .map((target) => `${name} links to ${target}`);
}

/** Faults of what a text cites: `doc/x.md, "Section"` and `page(8), "Section"`. */
function brokenCitations(name: string, text: string): string[] {
  const line = joined(text);
  const cited = [...line.matchAll(/((?:doc\/)?[\w-]+\.md)(?:\]\([^)]*\))?(?:, "([^"]+)")?/g)].filter(
    ([, path = '']) => path.startsWith('doc/') || /^[A-Z]+\.md$/.test(path),
  );
  const pages = [...line.matchAll(/`?\b([a-z-]+)\(([1-8])\)`?, "([^"]+)"/g)];
  return [
    ...cited.filter(([, path = '', section]) => {
      if (!existsSync(join(top, path))) return true;
      return section !== undefined && !sectionsOf(texts.get(path) ?? '').includes(section);
    }),
    ...pages.filter(
      ([, page = '', number = '', section = '']) => sectionsOfPage(`${page}.${number}`)?.includes(section) === false,
    ),
  ].map(([words]) => `${name} cites ${words}`);
}

/** Paths of the repository that a text names and that do not exist. */
function lostPaths(name: string, text: string): string[] {
  const rx = /(?<![\w./@-])(?:src|test|doc|man|bench|demo|proof|scripts|packaging)\/[\w@./-]*[\w-]\/?(?![\w*{$<…])/g;
  return [...joined(text).matchAll(rx)]
    .map(([path]) => path)
    .filter((path) => !existsSync(join(top, path)))
    .map((path) => `${name} names ${path}`);
}

describe('documents', () => {
  it('are found', () => {
    expect(documents.size).toBeGreaterThan(8);
    expect(sectionsOf(documents.get('doc/protocol.md') ?? '')).toContain('Tokens');
  });

  it('link to files and sections that exist', () => {
    expect([...documents].flatMap(([name, text]) => brokenLinks(name, text))).toEqual([]);
  });

  it('and sections that are cited exist', () => {
    const ours = [...texts].filter(([name]) => name !== 'test/architecture/documents.test.ts');
    expect(ours.flatMap(([name, text]) => brokenCitations(name, text))).toEqual([]);
  });

  it('and comments name paths that exist', () => {
    const checked = [...texts].filter(([name]) => /\.md$|^src\//.test(name) && name !== 'CHANGELOG.md');
    expect(checked.flatMap(([name, text]) => lostPaths(name, text))).toEqual([]);
  });

  it('and doc/architecture.md explains every folder of src', () => {
    const sources = [...texts.keys()].filter((name) => name.startsWith('src/'));
    const inside = new Set(sources.map((name) => dirname(name)));
    const explained = documents.get('doc/architecture.md') ?? '';
    expect(inside.size).toBeGreaterThan(20);
    expect([...inside].filter((folder) => !new RegExp(`^\\| \`${folder}\` +\\|`, 'm').test(explained))).toEqual([]);
  });

  it('and comments cite no text that is not in the repository', () => {
    const cited = [...texts].filter(
      ([name, text]) => /^(?:src|test)\//.test(name) && /reference, section/.test(joined(text)),
    );
    expect(cited.map(([name]) => name).filter((name) => name !== 'test/architecture/documents.test.ts')).toEqual([]);
  });

  it('are all reached from README.md', () => {
    const reached = new Set(['README.md']);
    for (const name of reached) {
      for (const [, target = ''] of prose(documents.get(name) ?? '').matchAll(/\]\(([^)\s#]+)/g)) {
        const file = join(dirname(name), target);
        if (documents.has(file)) reached.add(file);
      }
    }
    expect([...documents.keys()].filter((name) => !reached.has(name))).toEqual([]);
  });

  it('wrap their prose at 120 columns', () => {
    const long = [...documents].flatMap(([name, text]) =>
      prose(text)
        .split('\n')
        .filter((line) => line.length > 120 && !/^\s*\||^\s*\S+$/.test(line))
        .map((line) => `${name}: ${line}`),
    );
    expect(long).toEqual([]);
  });

  it('README.md has at most 100 lines', () => {
    expect((documents.get('README.md') ?? '').trimEnd().split('\n').length).toBeLessThanOrEqual(100);
  });

  it.each([
    ['a file that is gone', '[here](doc/gone.md)'],
    ['a section that is gone', '[here](doc/protocol.md#gone)'],
  ])('would catch a link to %s', (_, text) => {
    expect(brokenLinks('README.md', text)).toHaveLength(1);
  });

  it.each([
    ['a document that is gone', '/** As in doc/gone.md. */'],
    ['a section that is gone', '/**\n * As in doc/protocol.md,\n * "Tokens that are gone". */'],
    ['a section of a manual page that is gone', 'see distccd(8), "Who gets nothing"'],
  ])('would catch a citation of %s', (_, text) => {
    expect(brokenCitations('src/x.ts', text)).toHaveLength(1);
  });

  it('would catch a path that is gone, and knows one that is there', () => {
    expect(lostPaths('doc/x.md', '`src/server/gone.ts`')).toHaveLength(1);
    expect(lostPaths('doc/x.md', '`src/server/daemon.ts`, `src/server/`')).toEqual([]);
  });
});
