import type { Header } from './directives.ts';

/** What all texts of a compile and its command define a macro as; undefined stands for one with parameters. */
export type Bodies = readonly (string | undefined)[];

/** The files that a macro can name. */
export interface ComputedNames {
  readonly headers: readonly Header[];
  /** The macro or text that only a preprocessor can work out; the headers are not all then. */
  readonly unbounded: string | undefined;
}

/** Macros that a compiler has by itself, and that are texts. */
const ownTexts: ReadonlySet<string> = new Set([
  '__BASE_FILE__',
  '__DATE__',
  '__FILE__',
  '__FILE_NAME__',
  '__TIMESTAMP__',
  '__TIME__',
]);

const identifier = /[A-Za-z_$\x80-\xff][\w$\x80-\xff]*/g;
const oneIdentifier = /^[A-Za-z_$\x80-\xff][\w$\x80-\xff]*$/;
/** What a macro inside `<...>` can stand for without anything else being put together. */
const plainPart = /^[\w$.+-]*$/;

const mostNames = 256;

/** Works macros out through chains of macros without parameters. */
class Names {
  readonly #bodiesOf: (macro: string) => Bodies;
  readonly #seen = new Set<string>();
  readonly headers = new Map<string, Header>();
  unbounded: string | undefined;

  constructor(bodiesOf: (macro: string) => Bodies) {
    this.#bodiesOf = bodiesOf;
  }

  follow(macro: string): void {
    if (this.#seen.has(macro)) return;
    this.#seen.add(macro);
    if (ownTexts.has(macro) || this.#seen.size > mostNames) this.unbounded ??= macro;
    for (const body of this.#bodiesOf(macro)) {
      if (body === undefined) this.unbounded ??= `${macro}(...)`;
      else this.read(body);
    }
  }

  /** Reads what may be a file's name, or a macro that stands for one. */
  read(body: string): void {
    if (body.startsWith('"')) {
      const end = body.indexOf('"', 1);
      if (end !== -1) this.#add({ form: 'quoted', name: body.slice(1, end) });
    } else if (body.startsWith('<')) {
      const end = body.indexOf('>');
      if (end === -1) this.unbounded ??= body;
      else this.#readAngled(body.slice(1, end).replaceAll(/\s+/g, ' '));
    } else if (oneIdentifier.test(body)) {
      this.follow(body);
    } else if (/^[A-Za-z_$\x80-\xff]/.test(body)) {
      this.unbounded ??= body;
    }
  }

  /** The words inside `<...>` may be macros in turn: `<linux/x.h>` is `<1/x.h>` where "linux" is defined. */
  #readAngled(text: string): void {
    let names = [''];
    let from = 0;
    for (const { 0: word, index } of text.matchAll(identifier)) {
      const before = text.slice(from, index);
      from = index + word.length;
      const parts = [word, ...this.#partsFor(word)];
      names = names.flatMap((name) => parts.map((part) => `${name}${before}${part}`));
      if (names.length > mostNames) {
        this.unbounded ??= `<${text}>`;
        return;
      }
    }
    for (const name of names) this.#add({ form: 'angled', name: `${name}${text.slice(from)}` });
  }

  #partsFor(word: string, depth = 0): string[] {
    return this.#bodiesOf(word).flatMap((body) => {
      if (body === undefined || depth > 8 || !plainPart.test(body)) {
        this.unbounded ??= word;
        return [];
      }
      // A macro inside its own body stays as it is.
      return oneIdentifier.test(body) && body !== word ? [body, ...this.#partsFor(body, depth + 1)] : [body];
    });
  }

  #add(header: Header): void {
    this.headers.set(`${header.form} ${header.name}`, header);
  }
}

/**
 * All files that `#include MACRO` can mean, by every definition that there is; a macro that nobody defines names no
 * file. `bodiesOf` is asked for each macro on the way.
 */
export function namesOf(macro: string, bodiesOf: (macro: string) => Bodies): ComputedNames {
  const names = new Names(bodiesOf);
  names.follow(macro);
  return { headers: [...names.headers.values()], unbounded: names.unbounded };
}

/** All files that a piece of a macro's body can mean where a name of a file is expected. */
export function namesIn(text: string, bodiesOf: (macro: string) => Bodies): ComputedNames {
  const names = new Names(bodiesOf);
  names.read(text);
  // Compilers put such a name together from words, each with the blanks that they see.
  if (/^<[^>]*\s/.test(text)) names.unbounded ??= text;
  return { headers: [...names.headers.values()], unbounded: names.unbounded };
}
