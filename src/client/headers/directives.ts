import { argumentsIn, hasPlaces, readDefinition, templateOf, unknownTemplate } from './asking-macros.ts';
import type { Call, CallReader, Definition } from './asking-macros.ts';

/** How a directive names a file. */
export type Header =
  | { readonly form: 'quoted' | 'angled'; readonly name: string }
  /** By a macro of this name. */
  | { readonly form: 'computed'; readonly name: string }
  /** By a piece of a macro's body: wherever that is used. */
  | { readonly form: 'text'; readonly name: string }
  /** By what each use of a macro with parameters gives it: the macro's name, a blank, and a template. */
  | { readonly form: 'asking'; readonly name: string }
  /** In a way that only a preprocessor can tell; the name is what stands there. */
  | { readonly form: 'unknown'; readonly name: string };

/**
 * What a directive wants of the file: `include` the first one of the search list, `beside` the one in the directory of
 * the including file, `next` any of them, `exists` and `next exists` whether it is there, `embed` its bytes, `line` the
 * text for messages.
 */
export type Purpose = 'include' | 'beside' | 'next' | 'exists' | 'next exists' | 'embed' | 'line';

/** A file that a text names. */
export type Reference = Header & { readonly purpose: Purpose };

/** All that one text says about other files. */
export interface Directives {
  readonly references: readonly Reference[];
  /** The directive lines as they stand, those of all readings. */
  readonly lines: readonly string[];
}

const sharp = /#|%:/g;
const keyword = /[ \t\f\v\0]*([A-Za-z_]\w*|\d+)?/y;
const isBlank = /[ \t\f\v\0\r]/;
const quotedName = /^\s*"([^"]*)"/;
const angledName = /^\s*<([^>]*)>/;
const macroName = /^\s*([A-Za-z_$\x80-\xff][\w$\x80-\xff]*)\s*$/;
const macroStart = /^\s*[A-Za-z_$\x80-\xff]/;
const asking = /(?<![\w$])__has_(include|include_next|embed)(?:__)?\b\s*(\(?)/g;
/** Words that become such a question when another one is pasted to them: nobody has other uses for their beginnings. */
const pasted = new RegExp(
  [
    /(?<![\w$])__ha(?:s(?:_(?:i(?:n(?:c(?:l(?:ud?)?)?)?)?|e(?:m(?:be?)?)?)?)?)?(?![\w$])/,
    /(?<![\w$])__has\w*\s*(?:##|%:%:)/,
    /(?:##|%:%:)\s*\w*(?:include|include_next|embed)(?:__)?(?![\w$])/,
  ]
    .map(({ source }) => source)
    .join('|'),
);
const lineName = /^\s*(?:\d+|[A-Za-z_$]\w*)(?!\w)\s*"((?:[^"\\]|\\.)*)"/;
const lineMacro = /^\s*(?:\d+|[A-Za-z_$]\w*)\s+([A-Za-z_$]\w*)\s*$/;
/** What may name a file all the same. */
const lineText = /^\s*(?:\d+\s*)?["A-Za-z_$\x80-\xff]/;

const purposes: Readonly<Record<string, Purpose>> = {
  include: 'include',
  import: 'include',
  include_next: 'next',
  embed: 'embed',
};

/** The directive lines of a text without comments, from the keyword on; `%:` and `#` are alike. */
function directiveLines(text: string): string[] {
  const lines: string[] = [];
  sharp.lastIndex = 0;
  for (let found = sharp.exec(text); found !== null; found = sharp.exec(text)) {
    let before = found.index;
    while (before > 0 && isBlank.test(text[before - 1] ?? '')) before -= 1;
    if (before > 0 && text[before - 1] !== '\n') continue;
    const end = text.indexOf('\n', sharp.lastIndex);
    const line = text.slice(sharp.lastIndex, end === -1 ? text.length : end);
    lines.push(line);
    sharp.lastIndex = end === -1 ? text.length : end;
  }
  return lines;
}

/** The file that stands after a directive's keyword, or undefined when no compiler would take it for one. */
function headerIn(rest: string): Header | undefined {
  const quoted = quotedName.exec(rest);
  if (quoted !== null) return { form: 'quoted', name: quoted[1] ?? '' };
  const angled = angledName.exec(rest);
  if (angled !== null) return { form: 'angled', name: angled[1] ?? '' };
  const macro = macroName.exec(rest);
  if (macro !== null) return { form: 'computed', name: macro[1] ?? '' };
  return macroStart.test(rest) ? { form: 'unknown', name: rest.trim() } : undefined;
}

/**
 * What a text asks for by a word that is put together; in the body of a macro, where that is used. No condition can
 * have the statements and declarations that most such bodies are.
 */
function pastedIn(text: string, definition: Definition | undefined): Reference[] {
  const paste = /[;{}]/.test(text.replaceAll(/'(?:[^'\\]|\\.)*'/g, '')) ? null : pasted.exec(text);
  if (paste === null) return [];
  if (definition === undefined) return [{ purpose: 'exists', form: 'unknown', name: paste[0] }];
  return [{ purpose: 'exists', form: 'asking', name: `${definition.name} ${unknownTemplate}` }];
}

/** What a text asks for by `__has_include` and its like; in the body of a macro, wherever that is used. */
function questionsIn(text: string, definition?: Definition): Reference[] {
  const unknown = pastedIn(text, definition);
  const questions = [...text.matchAll(asking)].flatMap(({ 0: all, 1: what, 2: open, index }) => {
    const rest = text.slice(index + all.length);
    const purpose = what === 'include_next' ? ('next exists' as const) : ('exists' as const);
    if (open === '') {
      // "#define has __has_include"; "defined(__has_include)" asks for nothing.
      const defined = /defined\s*\(?\s*$/.test(text.slice(0, index));
      return defined ? [] : [{ purpose, form: 'unknown', name: all } as const];
    }
    if (definition !== undefined) return [{ purpose, ...headerInBody(rest, definition) }];
    const header = headerIn(rest) ?? headerIn(rest.slice(0, Math.max(0, rest.indexOf(')'))));
    if (header === undefined) return [];
    if (header.form === 'quoted' || header.form === 'angled') return [{ purpose, ...header }];
    // Up to its bracket, it may be a macro's name after all.
    const inside = headerIn(rest.slice(0, rest.includes(')') ? rest.indexOf(')') : undefined)) ?? header;
    return [{ purpose, ...inside }];
  });
  return [...unknown, ...questions];
}

/** The file that is asked for after `__has_include(` in the body of a macro. */
function headerInBody(rest: string, { name, parameters }: Definition): Header {
  const literal = /^\s*(?:"[^"]*"|<[^>]*>)/.exec(rest)?.[0];
  const text = literal ?? argumentsIn(`(${rest}`)?.join(',') ?? '';
  const template = templateOf(text.trim(), parameters);
  if (template === undefined || template === '') return { form: 'unknown', name: `${name}(...)` };
  return hasPlaces(template) ? { form: 'asking', name: `${name} ${template}` } : { form: 'text', name: template };
}

/** The file whose line the next one is said to be. */
function lineIn(text: string): Reference[] {
  const name = lineName.exec(text)?.[1];
  // Other letters after a backslash stand for something else.
  if (name !== undefined && !/\\[^"\\]/.test(name))
    return [{ purpose: 'line', form: 'quoted', name: name.replaceAll(/\\(.)/g, '$1') }];
  const macro = lineMacro.exec(text)?.[1];
  if (macro !== undefined) return [{ purpose: 'line', form: 'computed', name: macro }];
  return lineText.test(text) ? [{ purpose: 'line', form: 'unknown', name: text.trim() }] : [];
}

function referencesIn(name: string, rest: string): Reference[] {
  const purpose = Object.hasOwn(purposes, name) ? purposes[name] : undefined;
  if (purpose !== undefined) {
    const header = headerIn(rest) ?? (purpose === 'embed' ? headerIn(rest.trimEnd()) : undefined);
    const references: Reference[] = header === undefined ? [] : [{ purpose, ...header }];
    // "limit(...)" after an #embed has an expression like that of an #if.
    return purpose === 'embed' ? [...references, ...questionsIn(rest)] : references;
  }
  if (name === 'line' || /^\d/.test(name)) {
    return lineIn(name === 'line' ? rest : `${name}${rest}`);
  }
  if (!/__ha|##|%:%:/.test(rest)) return [];
  if (name === 'if' || name === 'elif') return questionsIn(rest);
  const definition = name === 'define' ? readDefinition(rest) : undefined;
  return definition === undefined ? [] : questionsIn(definition.body, definition);
}

/** Splits a directive line into its keyword and what stands after that. */
function split(line: string): readonly [string, string] {
  keyword.lastIndex = 0;
  const found = keyword.exec(line);
  return [found?.[1] ?? '', line.slice(found?.[0].length ?? 0)];
}

/** Reads all directives of texts without comments, in every branch of their conditions. */
export function readDirectives(readings: readonly string[]): Directives {
  const lines = readings.flatMap(directiveLines);
  return { references: readLines(lines), lines };
}

/** All that directive lines say about other files, each once. */
export function readLines(lines: readonly string[]): Reference[] {
  const references = new Map<string, Reference>();
  for (const line of lines) {
    const [name, rest] = split(line);
    for (const reference of referencesIn(name, rest)) {
      references.set(`${reference.purpose} ${reference.form} ${reference.name}`, reference);
    }
  }
  return [...references.values()];
}

/** The bodies that directive lines give to some macros; one that has parameters has the body undefined. */
export function readDefinitions(
  lines: readonly string[],
  wanted: { has(name: string): boolean },
): ReadonlyMap<string, readonly (string | undefined)[]> {
  const definitions = new Map<string, (string | undefined)[]>();
  for (const line of lines) {
    const [directive, rest] = split(line);
    const definition = directive === 'define' ? readDefinition(rest) : undefined;
    if (definition === undefined || !wanted.has(definition.name)) continue;
    const bodies = definitions.get(definition.name) ?? [];
    bodies.push(definition.parameters === undefined ? definition.body : undefined);
    definitions.set(definition.name, bodies);
  }
  return definitions;
}

/** The uses of some macros with parameters in directive lines. */
export function readCalls(lines: readonly string[], reader: CallReader): ReadonlyMap<string, readonly Call[]> {
  const calls = new Map<string, Call[]>();
  for (const line of lines) reader.read(...split(line), calls);
  return calls;
}
