/** One entry of a table of options. */
export interface OptionRule {
  readonly option: string;
  /**
   * `word` is exactly this word, `start` is every word that begins with it, `value` is this word with a value after it
   * or in the next word.
   */
  readonly form: 'word' | 'start' | 'value';
  /** Limits the entry to some values: the rest of the option's word, or the next word. */
  readonly only?: (value: string) => boolean;
  /** What the option does, as the end of a sentence that begins with it. */
  readonly because: string;
}

/** A matching entry, and the matched words as the user wrote them. */
export interface Match<Rule> {
  readonly rule: Rule;
  readonly text: string;
}

/** A sorted table of options. Entries with the same beginning are tried in their order. */
export class OptionTable<Rule extends OptionRule> {
  readonly rules: readonly Rule[];
  readonly #byLetter: ReadonlyMap<string, readonly Rule[]>;

  constructor(rules: readonly Rule[]) {
    this.rules = rules;
    const byLetter = new Map<string, Rule[]>();
    for (const rule of rules) {
      const letter = OptionTable.#letterOf(rule.option);
      byLetter.set(letter, [...(byLetter.get(letter) ?? []), rule]);
    }
    this.#byLetter = byLetter;
  }

  /**
   * The letter after the dash. A command line has about fifty words and the table over a hundred entries: the letter
   * leaves a few of them to compare.
   */
  static #letterOf(word: string): string {
    return word.startsWith('-') ? word.slice(0, 2) : word.slice(0, 1);
  }

  /** The first entry that matches the word at a position, of those that `welcome` accepts. */
  find(words: readonly string[], at: number, welcome: (rule: Rule) => boolean = () => true): Match<Rule> | undefined {
    const word = words[at] ?? '';
    for (const rule of this.#byLetter.get(OptionTable.#letterOf(word)) ?? []) {
      const value = valueOf(rule, word, words[at + 1] ?? '');
      if (value === undefined || !welcome(rule) || !(rule.only?.(value) ?? true)) continue;
      const apart = rule.form === 'value' && word === rule.option && at + 1 < words.length;
      return { rule, text: apart ? `${word} ${value}` : word };
    }
    return undefined;
  }
}

function valueOf(rule: OptionRule, word: string, next: string): string | undefined {
  if (word === rule.option) return rule.form === 'value' ? next : '';
  if (rule.form === 'word' || !word.startsWith(rule.option)) return undefined;
  const rest = word.slice(rule.option.length);
  return rule.form === 'value' && rest.startsWith('=') ? rest.slice(1) : rest;
}
