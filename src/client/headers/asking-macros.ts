/** A macro as a directive line defines it. */
export interface Definition {
  readonly name: string;
  /** Undefined for a macro without parameters. */
  readonly parameters: readonly string[] | undefined;
  readonly body: string;
}

/**
 * A piece of a macro's body with its parameters as places, which `fill()` replaces: U+0001, the number of the argument,
 * `+` when those after it belong to it, U+0002.
 */
export type Template = string;

/** One that no arguments fill: only a preprocessor can tell what comes of it. */
export const unknownTemplate: Template = '\x01999\x02';

/** Where a macro with parameters is used. */
export interface Call {
  /** Undefined when only a preprocessor can tell them. */
  readonly arguments: readonly Template[] | undefined;
  /** The macro in whose body it stands, when it hands parameters of that on. */
  readonly within: string | undefined;
}

const defining = /^\s*([\w$\x80-\xff]+)(?:\(([^)]*)\))?([^]*)$/;
const strings = String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`;
const identifiers = String.raw`(?<![\w$\x80-\xff])[A-Za-z_$\x80-\xff][\w$\x80-\xff]*`;
const wordOrString = new RegExp(`${strings}|${identifiers}`, 'g');
// oxlint-disable-next-line no-control-regex -- no text has these
const place = /\x01(\d+)(\+?)\x02/g;

/** Reads what stands after the keyword `define`; undefined when that is not a definition. */
export function readDefinition(text: string): Definition | undefined {
  const [, name, parameters, body = ''] = defining.exec(text) ?? [];
  if (name === undefined) return undefined;
  const names = parameters?.split(',').map((one) => one.trim());
  return { name, parameters: names, body: body.trim() };
}

/** A piece of a macro's body as a template; undefined when it makes strings or pastes words. */
export function templateOf(text: string, parameters: readonly string[] = []): Template | undefined {
  if (/#|%:|__VA_OPT__/.test(text) || text.includes('\x01')) return undefined;
  return text.replaceAll(wordOrString, (word) => {
    const at = parameters.findIndex((name) => name === word || restName(name) === word);
    return at === -1 ? word : `\x01${at}${restName(parameters[at] ?? '') === undefined ? '' : '+'}\x02`;
  });
}

/** The name by which a body has the rest of the arguments, when a parameter stands for that. */
function restName(parameter: string): string | undefined {
  if (parameter === '...') return '__VA_ARGS__';
  return parameter.endsWith('...') ? parameter.slice(0, -'...'.length).trim() : undefined;
}

/** Whether a template has places of parameters. */
export const hasPlaces = (template: Template): boolean => template.includes('\x01');

/** Puts arguments into a template; undefined when it has more places. */
export function fill(template: Template, given: readonly Template[]): Template | undefined {
  let lacking = false;
  const text = template.replaceAll(place, (_, at: string, rest: string) => {
    lacking ||= given[Number(at)] === undefined && rest === '';
    return (rest === '' ? given[Number(at)] : given.slice(Number(at)).join(',')) ?? '';
  });
  return lacking ? undefined : text;
}

/** What stands in the parentheses that a text begins with, cut at its commas; undefined when they do not end. */
export function argumentsIn(text: string): string[] | undefined {
  if (!/^\s*\(/.test(text)) return undefined;
  const found = [''];
  let depth = 0;
  for (const [piece] of text.matchAll(new RegExp(`${strings}|[^]`, 'g'))) {
    if (piece === ')') depth -= 1;
    if (piece === ')' && depth === 0) return found.map((one) => one.trim());
    if (piece === ',' && depth === 1) found.push('');
    else if (depth > 0) found[found.length - 1] += piece;
    if (piece === '(') depth += 1;
  }
  return undefined;
}

/** Directives in which a macro's name is not replaced. */
const naming = /^(?:ifn?def|elifn?def|undef|error|warning|pragma|else|endif|ident|sccs)$/;

/** The uses of some macros with parameters. */
export class CallReader {
  readonly #names: ReadonlySet<string>;
  /** The names, and what words of theirs are called that may be pasted to them. */
  readonly #pattern: RegExp;

  constructor(names: Iterable<string>) {
    this.#names = new Set(names);
    const parts = [...this.#names].flatMap((name) => [
      name,
      ...[...name.matchAll(/_(?=[^_])/g)].map(({ index }) => name.slice(0, index + 1)),
    ]);
    const words = parts.filter((part) => !/^_+$/.test(part)).map((part) => part.replaceAll('$', String.raw`\$`));
    const longest = [...new Set(words)].sort((one, other) => other.length - one.length);
    this.#pattern = new RegExp(String.raw`${strings}|(?<![\w$\x80-\xff])(${longest.join('|')})(?![\w$\x80-\xff])`, 'g');
  }

  /** Adds the calls in a directive line that has this keyword. */
  read(keyword: string, rest: string, found: Map<string, Call[]>): void {
    if (this.#names.size === 0 || naming.test(keyword)) return;
    const definition = keyword === 'define' ? readDefinition(rest) : undefined;
    const text = definition?.body ?? rest;
    for (const { 1: word, 0: all, index } of text.matchAll(this.#pattern)) {
      if (word === undefined) continue;
      const before = text.slice(0, index);
      if (/\bdefined\s*\(?\s*$/.test(before)) continue;
      const after = text.slice(index + all.length);
      const known = keyword === 'define' || keyword === 'if' || keyword === 'elif';
      const pasted = /(?:##|%:%:)\s*$/.test(before) || /^\s*(?:##|%:%:)/.test(after);
      const call = known && !pasted ? callIn(after, definition) : unknownCall;
      for (const name of this.#names)
        if (name === word || (name.startsWith(word) && !this.#names.has(word))) add(found, name, call);
    }
    if (definition !== undefined && /##|%:%:/.test(text)) this.#readPasted(definition, found);
  }

  /** Words that are pasted may become the name. */
  #readPasted({ body, parameters = [] }: Definition, found: Map<string, Call[]>): void {
    const words = [...body.matchAll(/([\w$]+)\s*(?=##|%:%:)|(?:##|%:%:)\s*([\w$]+)/g)].map(
      ([, left, right]) => left ?? right ?? '',
    );
    for (const word of words.filter((one) => !parameters.includes(one) && !/^_*$/.test(one))) {
      for (const name of this.#names) {
        if (name.startsWith(word) || name.endsWith(word)) add(found, name, unknownCall);
      }
    }
  }
}

const unknownCall: Call = { arguments: undefined, within: undefined };

function add(found: Map<string, Call[]>, name: string, call: Call): void {
  found.set(name, [...(found.get(name) ?? []), call]);
}

function callIn(after: string, definition: Definition | undefined): Call {
  const templates = argumentsIn(after)?.map((one) => templateOf(one, definition?.parameters));
  const known = templates?.filter((one) => one !== undefined);
  if (templates === undefined || known === undefined || known.length < templates.length) return unknownCall;
  return { arguments: known, within: known.some(hasPlaces) ? definition?.name : undefined };
}
