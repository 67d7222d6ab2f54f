/** Where one job went, by its client's log. */
export interface JobStory {
  /**
   * The host as the client names it, "localhost" for a job that stayed here, undefined when the log names no
   * compile.
   */
  readonly host: string | undefined;
  /** Why it stayed here, in the client's words. */
  readonly reason: string;
  /** Whether something went wrong on the way, though the object may be there all the same. */
  readonly trouble: boolean;
}

const wordsOf = (line: string): string => line.replace(/^distcc\[\d+\] (?:\(\w+\) )?/, '');

/** Reads the log of one client, at level info. */
export function readJobStory(log: string): JobStory {
  const lines = log
    .split('\n')
    .filter((line) => line !== '')
    .map(wordsOf);
  const troubles = lines.filter((line) => /^(?:ERROR|CRITICAL!?|EMERGENCY!?|Warning):/i.test(line));
  const host = lines
    .map((line) => /^compile .* on (\S+) completed ok$/.exec(line)?.[1])
    .findLast((name) => name !== undefined);
  const local = lines.find((line) => /\blocal(?:ly)?\b/.test(line) && !line.startsWith('cpp '));
  return { host, reason: troubles[0] ?? local ?? 'the client gave no reason', trouble: troubles.length > 0 };
}
