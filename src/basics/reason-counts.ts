/** Reasons that are counted by themselves; what comes after them is counted together. */
const mostReasons = 50;
const otherReasons = 'other reasons';
/** The longest reason, in characters. */
const longestReason = 400;

/** A reason and how often it was given. */
export interface CountedReason {
  readonly why: string;
  readonly count: number;
}

/** Whether a quoted text is the name of a file: "a.c" and "lib/a" are, "-march=native" and "gcc-13.2" are not. */
const isFile = (text: string): boolean => !text.startsWith('-') && /\/|\.[a-zA-Z][\w+]*$/.test(text);

/** A sentence without the names of files in it, which are quoted. */
function withoutNames(sentence: string): string {
  const plain = sentence.includes('"')
    ? sentence.replaceAll(/"([^"]*)"/g, (all, inner: string) => (isFile(inner) ? '"..."' : all))
    : sentence;
  return plain.length > longestReason ? `${plain.slice(0, longestReason)}...` : plain;
}

/** Counts reasons. Names of files are left out, so that one reason is not counted as many. */
export class ReasonCounts {
  readonly #counts = new Map<string, number>();

  /** Returns the reason as it is counted. */
  count(sentence: string): string {
    const why = withoutNames(sentence);
    const isNew = !this.#counts.has(why);
    const name = isNew && this.#counts.size >= mostReasons ? otherReasons : why;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    return name;
  }

  /** The most frequent ones first. */
  report(): CountedReason[] {
    return [...this.#counts].map(([why, count]) => ({ why, count })).sort((one, other) => other.count - one.count);
  }
}
