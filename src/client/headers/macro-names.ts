import { CallReader, fill, hasPlaces } from './asking-macros.ts';
import type { Call } from './asking-macros.ts';
import { namesIn, namesOf } from './computed-names.ts';
import type { Bodies, ComputedNames } from './computed-names.ts';
import { readCalls } from './directives.ts';
import type { Header, Reference } from './directives.ts';
import type { Entry, FileFacts } from './entry.ts';
import { graphLimits } from './graph-limits.ts';
import { MustPreprocess } from './pace.ts';
import type { Survey } from './survey.ts';

/** What is known of macros besides what texts say. */
export interface KnownMacros {
  /** What the command and the compiler define. */
  readonly bodiesOf: (macro: string) => Bodies;
  /** What the command defines, as directive lines. */
  readonly lines: readonly string[];
}

/** Works out what macros name, by all that the texts of a compile say of them; texts that were not looked through for a
 * macro are wanted. */
export class MacroNames {
  readonly #survey: Survey;
  readonly #files: ReadonlyMap<Entry, boolean>;
  readonly #known: KnownMacros;
  readonly #bodies = new Map<string, Bodies>();

  constructor(survey: Survey, files: ReadonlyMap<Entry, boolean>, known: KnownMacros) {
    this.#survey = survey;
    this.#files = files;
    this.#known = known;
  }

  /** The files that a reference to macros can mean, or other such references. */
  work({ form, name }: Reference): ComputedNames {
    if (form === 'text') return namesIn(name, this.#bodiesOf);
    if (form === 'asking') return this.#workCalls(name);
    const { headers, unbounded } = namesOf(name, this.#bodiesOf);
    return { headers, unbounded: unbounded === undefined ? undefined : `${name}, by ${unbounded}` };
  }

  /** What a macro that asks for its argument is asked anywhere. */
  #workCalls(name: string): ComputedNames {
    const blank = name.indexOf(' ');
    const [macro, template] = [name.slice(0, blank), name.slice(blank + 1)];
    const headers: Header[] = [];
    let unbounded: string | undefined;
    for (const call of this.#callsOf(macro)) {
      const text = call.arguments === undefined ? undefined : fill(template, call.arguments);
      if (text === undefined || text.length > graphLimits.macroText) unbounded ??= `${macro}(...)`;
      else if (call.within === undefined || !hasPlaces(text)) headers.push({ form: 'text', name: text });
      else headers.push({ form: 'asking', name: `${call.within} ${text}` });
    }
    return { headers, unbounded };
  }

  /** How a macro is used anywhere. */
  #callsOf(macro: string): readonly Call[] {
    const facts = this.#factsFor(macro, 'uses');
    const inCommand = readCalls(this.#known.lines, new CallReader([macro])).get(macro) ?? [];
    return [...inCommand, ...facts.flatMap(({ calls }) => calls.get(macro) ?? [])];
  }

  /** What a macro is defined as anywhere. */
  readonly #bodiesOf = (macro: string): Bodies => {
    const known = this.#bodies.get(macro);
    if (known !== undefined) return known;
    const facts = this.#factsFor(macro, 'definitions');
    const bodies = [
      ...this.#known.bodiesOf(macro),
      ...facts.flatMap(({ definitions }) => definitions.get(macro) ?? []),
    ];
    this.#bodies.set(macro, bodies);
    return bodies;
  };

  /** What is known of all texts that were looked through for a macro. */
  #factsFor(macro: string, what: 'definitions' | 'uses'): FileFacts[] {
    const number = this.#survey.graph.macros.want(macro, what);
    if (number === undefined) throw new MustPreprocess('too many macros name headers');
    const known: FileFacts[] = [];
    for (const [file, scanned] of this.#files) {
      if (!scanned || file.kind !== 'file') continue;
      const { facts } = file;
      if (facts === undefined || facts.searched <= number) this.#survey.wantFacts(file);
      else known.push(facts);
    }
    return known;
  }
}
