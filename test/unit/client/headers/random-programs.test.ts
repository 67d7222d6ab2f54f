import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, describe, it } from 'vitest';
import { HeaderGraph } from '../../../../src/client/headers/header-graph.ts';
import type { Found } from '../../../../src/client/headers/inputs.ts';
import { needs } from '../../../support/needs.ts';
import { inputsOf, missing, Project } from './project.ts';

/** Directories of a program: some are searched, one is a link to another one, and some names are in several. */
const folders = ['.', 'one', 'one/sub', 'two', 'two/sub', 'quote', 'late'] as const;
const names = ['a.h', 'b.h', 'c.h', 'd.h'] as const;
const macros = ['ONE', 'TWO', 'THREE'] as const;
/** With absolute names: a name that `-MG` lists without having found it is not one. */
const wordsIn = (path: string): string[] =>
  `-I ${path}/one -I${path}/link -iquote ${path}/quote -isystem ${path}/two -idirafter ${path}/late -I${path}/none`.split(
    ' ',
  );

const pick = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

/** A way to name one of the headers. */
const spelled = fc
  .tuple(pick(['', '', '', 'sub/', '../', 'sub/../', './', 'link/../', 'link/sub/']), pick(names))
  .map(([folder, name]) => `${folder}${name}`);
const header = fc.oneof(
  spelled.map((name) => `"${name}"`),
  spelled.map((name) => `<${name}>`),
);
const sharp = pick(['#', '# ', '  #', '%:', '/* */ #', '#\\\n', '/*\n*/#']);
const keyword = (name: string): fc.Arbitrary<string> => pick([name, name, `${name.slice(0, 3)}\\\n${name.slice(3)}`]);
const ending = pick(['', ' // why', ' /* why */', '\r']);
const condition = fc.oneof(
  pick(['0', '1', ...macros.map((name) => `defined(${name})`), `!defined(${macros[0]})`]),
  header.map((name) => `__has_include(${name})`),
);
const body = fc.oneof({ weight: 9, arbitrary: header }, { weight: 1, arbitrary: fc.constant('1') });

/** Macros that ask whether a header is there; by the last kind only a preprocessor can tell for which. */
const asking = {
  HAS: [
    'HAS(x) __has_include(x)',
    'HAS(x) (__has_include (x) && 1)',
    'HAS(...) __has_include(__VA_ARGS__)',
    'HAS(x) 0',
  ],
  NAMED: ['NAMED(x) __has_include(<x>)', 'NAMED(x) __has_include(<sub/x>)', 'NAMED(x) HAS(<x>)'],
  AGAIN: ['AGAIN(y, x) (y && HAS(x))', 'AGAIN(y, x) HAS(x) && HAS( "a.h" )', 'AGAIN(x, y) __has_include(y)'],
  HANDED: ['HANDED(f, x) f(x)'],
} as const;
const asked = header.chain((name) =>
  pick([
    ['HAS', `HAS(${name})`],
    ['HAS', `!HAS( ${name} )`],
    ['NAMED', `NAMED(${name.slice(1, -1)})`],
    ['AGAIN', `AGAIN(1, ${name})`],
    ['FIXED', 'FIXED'],
    ['FIXED', 'LATER'],
  ] as const),
);
/** Whether the answer is true shows in the text. */
const questions = fc.oneof(
  { weight: 8, arbitrary: asked },
  { weight: 1, arbitrary: header.map((name) => ['HANDED', `HANDED(HAS, ${name})`] as const) },
  { weight: 1, arbitrary: pick(macros).map((name) => ['HAS', `defined(${name}) && HAS(${name})`] as const) },
);
const question = questions.map(
  ([name, text]) => `#if defined(HAS) && defined(${name})\n#if ${text}\nthere: ${text}\n#endif\n#endif`,
);
const askingDefinition = fc.oneof(
  pick(Object.values(asking).flat()).map((text) => `#undef ${/\w+/.exec(text)?.[0]}\n#define ${text}`),
  header.map((name) => `#undef FIXED\n#define FIXED __has_include(${name})\n#undef LATER\n#define LATER HAS(${name})`),
);

const calls = macros.map((name) => `${name}_(1)`);
const including = fc.oneof(
  { weight: 5, arbitrary: header },
  { weight: 2, arbitrary: pick(macros) },
  { weight: 1, arbitrary: pick(calls) },
);
const line = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(sharp, fc.oneof(keyword('include'), keyword('include'), keyword('include_next')), including, ending)
      .map(([begin, word, name, end]) =>
        /^[A-Z]/.test(name)
          ? `#ifdef ${name.replace('(1)', '')}\n${begin}${word} ${name}${end}\n#endif`
          : `${begin}${word} ${name}${end}`,
      ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(pick(macros), body).map(([name, text]) => `#undef ${name}\n#define ${name} ${text}`),
  },
  { weight: 1, arbitrary: fc.tuple(pick(macros), header).map(([name, text]) => `#define ${name}_(x) ${text}`) },
  { weight: 1, arbitrary: pick(macros).map((name) => `#undef ${name}`) },
  { weight: 1, arbitrary: pick(macros).map((name) => `#ifdef ${name}\n#if __has_include(${name})\n#endif\n#endif`) },
  {
    weight: 1,
    arbitrary: fc.tuple(pick(macros), pick(macros)).map(([one, other]) => `#undef ${one}\n#define ${one} ${other}`),
  },
  { weight: 2, arbitrary: askingDefinition },
  { weight: 3, arbitrary: question },
  { weight: 1, arbitrary: header.map((name) => `// #include ${name}`) },
  { weight: 1, arbitrary: header.map((name) => `/*\n#include ${name}\n*/`) },
  {
    weight: 1,
    arbitrary: pick([
      "int d = 1'0;",
      'char *s = "/*";',
      "char c = '\"';",
      "// don't",
      'int x; /* " */',
      '#pragma once',
    ]),
  },
);
const block = fc.oneof(
  { weight: 3, arbitrary: line },
  {
    weight: 1,
    arbitrary: fc
      .tuple(condition, fc.array(line, { maxLength: 2 }), condition, fc.array(line, { maxLength: 2 }))
      .map(([first, some, second, others]) =>
        [`#if ${first}`, ...some, `#elif ${second}`, ...others, '#else', ...some, '#endif'].join('\n'),
      ),
  },
);
const text = fc.array(block, { maxLength: 5 }).map((blocks) => blocks.join('\n'));
const program = fc.record({
  source: fc.array(block, { minLength: 2, maxLength: 8 }).map((blocks) => blocks.join('\n')),
  headers: fc.dictionary(
    fc.tuple(pick(folders), pick(names)).map(([folder, name]) => `${folder}/${name}`),
    text,
    { minKeys: 4, maxKeys: 16 },
  ),
  defined: fc.option(
    body.filter((one) => !one.includes('\\')),
    { nil: undefined },
  ),
  forced: fc.option(pick(names), { nil: undefined }),
  /** Macros that are defined before all else, by a file in a directory of its own. */
  macros: fc.option(
    fc
      .tuple(pick(asking.HAS), pick(asking.NAMED), pick(asking.AGAIN), header)
      .map((all) => [...all.slice(0, 3), `FIXED __has_include(${all[3]})`, `LATER HAS(${all[3]})`]),
    { nil: [] as string[], freq: 3 },
  ),
  askedByCommand: fc.option(header, { nil: undefined }),
  linked: pick(['one', 'two', 'two/sub']),
});

const runs = 25;

/** What a compiler makes of a source. */
function preprocessed([compiler = '', ...words]: readonly string[], source: string) {
  const { status, stdout } = spawnSync(compiler, [...words, '-w', '-E', '-P', source], {
    cwd: dirname(source),
    encoding: 'latin1',
  });
  // After an error clang may take another file that is there.
  return { status, text: status === 0 ? stdout : '' };
}

/** The same where nothing of a folder is there but what was found, as at a host. */
function preprocessedFrom(found: Found, argv: readonly string[], source: string, folder: string) {
  const whole = `${folder}.whole`;
  renameSync(folder, whole);
  try {
    for (const input of inputsOf(found).filter(({ path }) => path.startsWith(`${folder}/`))) {
      mkdirSync(dirname(input.path), { recursive: true });
      if (input.kind === 'directory') mkdirSync(input.path, { recursive: true });
      else if (input.kind === 'link') symlinkSync(input.target, input.path);
      else copyFileSync(`${whole}${input.path.slice(folder.length)}`, input.path);
    }
    return preprocessed(argv, source);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    renameSync(whole, folder);
  }
}

/** What only one of two answers has. */
function differences(one: Found, other: Found): string {
  const [some, others] = [one, other].map((found) => inputsOf(found).map(({ kind, path }) => `${kind} ${path}`));
  const only = (left: readonly string[] = [], right: readonly string[] = []): string[] =>
    left.filter((path) => !right.includes(path));
  return [...only(some, others).map((path) => `- ${path}`), ...only(others, some).map((path) => `+ ${path}`)].join(
    '\n',
  );
}

describe.each([
  ['gcc', 'gcc', 'a.c'],
  ['g++', 'g++', 'a.cc'],
  ['clang', 'clang', 'a.c'],
  ['clang++', 'clang', 'a.cc'],
])('findInputs() and random programs for %s', (compiler, debianPackage, name) => {
  const project = new Project();
  afterAll(() => project.remove());

  it.skipIf(!needs(compiler, debianPackage))(
    'finds all that is read, or says that it cannot tell, in a graph that is kept as in a new one',
    async () => {
      const words = wordsIn(project.path);
      const source = join(project.path, name);
      let unbounded = 0;
      let files = 0;
      let failed = 0;
      let hopeless = 0;
      let unnamed = 0;
      const property = fc.asyncProperty(program, async (made) => {
        const { source: main, headers, defined, forced, linked, macros: first, askedByCommand } = made;
        for (const folder of [...folders, 'link']) {
          if (folder !== '.') rmSync(join(project.path, folder), { recursive: true, force: true });
        }
        for (const one of names) rmSync(join(project.path, one), { force: true });
        for (const folder of folders) mkdirSync(join(project.path, folder), { recursive: true });
        symlinkSync(linked, join(project.path, 'link'));
        let number = 0;
        for (const [path, content] of Object.entries(headers)) {
          number += 1;
          // Each header is read a few times at most, or random programs would not end.
          const guard = `GUARD_${number}`;
          project.write(path, `#ifndef ${guard}\n#define ${guard}\n${content}\n#endif\n`);
        }
        project.write(name, `${main}\n`);
        project.write('first/first.h', first.map((definition) => `#define ${definition}\n`).join(''));
        const more = [
          ...(defined === undefined ? [] : [`-DTWO=${defined}`]),
          '-include',
          'first/first.h',
          ...(forced === undefined ? [] : ['-include', forced]),
          ...(askedByCommand === undefined ? [] : [`-DFIXED=__has_include(${askedByCommand})`, '-DLATER=FIXED']),
        ];
        const argv = [compiler, ...words, ...more];
        let listed: string[];
        try {
          listed = project.listed(argv, source, ['-MG']);
        } catch {
          failed += 1;
          // It does not compile.
          return;
        }
        const found = await project.find(argv, source);
        if (found.kind === 'preprocess' && found.because.includes('only a preprocessor can name')) {
          expect(JSON.stringify(made)).toContain('HANDED');
          unnamed += 1;
          return;
        }
        if (found.kind === 'preprocess') {
          // A header is missing, and the compiler would say so.
          expect(found.because).toBe('the compiler does not list its headers');
          expect(() => project.listed(argv, source)).toThrow(/Command failed/);
          hopeless += 1;
          return;
        }
        if (found.rung === 'list') unbounded += 1;
        files += listed.length;
        expect(
          missing(
            found,
            listed.filter((path) => path.startsWith('/')),
            '/',
          ),
        ).toEqual([]);
        const kept = project.graph;
        project.graph = new HeaderGraph();
        const fresh = await project.find(argv, source);
        project.graph = kept;
        expect(differences(found, fresh)).toBe('');
        expect(inputsOf(found)).toEqual(inputsOf(fresh));
        expect(preprocessedFrom(found, argv, source, project.path)).toEqual(preprocessed(argv, source));
      });
      const report = await fc.check(property, { numRuns: runs, includeErrorInReport: true, endOnFailure: true });
      console.log(
        `random programs for ${compiler}: seed ${report.seed}, ${files} files, ${unbounded} by a list, ${failed} did not compile, ${hopeless} lacked headers, ${unnamed} asked for what cannot be named`,
      );
      expect(report.failed, fc.defaultReportMessage(report) ?? '').toBe(false);
    },
  );
});
