/** How a directive names a file. */
export type Header =
  | { readonly form: 'quoted' | 'angled'; readonly name: string }
  /** By a macro of this name. */
  | { readonly form: 'computed'; readonly name: string }
  /** In a way that only a preprocessor can tell; the name is what stands there. */
  | { readonly form: 'unknown'; readonly name: string };

/**
 * What a directive wants of the file: `include` the first one of the search list, `next` any of them, `exists` and
 * `next exists` whether it is there, `embed` its bytes, `line` the text for messages.
 */
export type Purpose = 'include' | 'next' | 'exists' | 'next exists' | 'embed' | 'line';

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
const asking = /__has_(include|include_next|embed)(?:__)?\b\s*(\(?)/g;
const lineName = /^\s*\d+\s+"((?:[^"\\]|\\.)*)"/;
const defining = /^\s*([\w$\x80-\xff]+)(\(?)([^]*)$/;

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

/** What a condition asks for by `__has_include` and its like; `macro` when it is the body of a function-like macro. */
function questionsIn(text: string, macro: boolean): Reference[] {
  return [...text.matchAll(asking)].flatMap(({ 0: all, 1: what, 2: open, index }) => {
    const rest = text.slice(index + all.length);
    const purpose = what === 'include_next' ? 'next exists' : 'exists';
    if (open === '') {
      // "#define has __has_include"; "defined(__has_include)" asks for nothing.
      const defined = /defined\s*\(?\s*$/.test(text.slice(0, index));
      return defined ? [] : [{ purpose, form: 'unknown', name: all } as const];
    }
    const header = headerIn(rest) ?? headerIn(rest.slice(0, Math.max(0, rest.indexOf(')'))));
    if (header === undefined) return [];
    if (header.form === 'quoted' || header.form === 'angled') return [{ purpose, ...header }];
    // Up to its bracket, it may be a macro's name after all.
    const inside = headerIn(rest.slice(0, rest.includes(')') ? rest.indexOf(')') : undefined)) ?? header;
    return [{ purpose, form: macro ? ('unknown' as const) : inside.form, name: inside.name }];
  });
}

function referencesIn(name: string, rest: string): Reference[] {
  const purpose = Object.hasOwn(purposes, name) ? purposes[name] : undefined;
  if (purpose !== undefined) {
    const header = headerIn(rest) ?? (purpose === 'embed' ? headerIn(rest.trimEnd()) : undefined);
    return header === undefined ? [] : [{ purpose, ...header }];
  }
  if (name === 'line' || /^\d/.test(name)) {
    const line = lineName.exec(name === 'line' ? rest : `${name}${rest}`);
    return line === null ? [] : [{ purpose: 'line', form: 'quoted', name: (line[1] ?? '').replaceAll(/\\(.)/g, '$1') }];
  }
  if (!rest.includes('__has_')) return [];
  if (name === 'if' || name === 'elif') return questionsIn(rest, false);
  if (name !== 'define') return [];
  const [, , open = '', body = ''] = defining.exec(rest) ?? [];
  return questionsIn(body, open === '(');
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
  const references = new Map<string, Reference>();
  for (const line of lines) {
    const [name, rest] = split(line);
    for (const reference of referencesIn(name, rest)) {
      references.set(`${reference.purpose} ${reference.form} ${reference.name}`, reference);
    }
  }
  return { references: [...references.values()], lines };
}

/** The bodies that directive lines give to some macros; one that has parameters has the body undefined. */
export function readDefinitions(
  lines: readonly string[],
  wanted: { has(name: string): boolean },
): ReadonlyMap<string, readonly (string | undefined)[]> {
  const definitions = new Map<string, (string | undefined)[]>();
  for (const line of lines) {
    const [name, rest] = split(line);
    if (name !== 'define') continue;
    const [, macro = '', open = '', body = ''] = defining.exec(rest) ?? [];
    if (!wanted.has(macro)) continue;
    const bodies = definitions.get(macro) ?? [];
    bodies.push(open === '(' ? undefined : body.trim());
    definitions.set(macro, bodies);
  }
  return definitions;
}
