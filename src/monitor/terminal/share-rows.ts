/** How many lines of each kind there are to show. */
export interface Contents {
  readonly hosts: number;
  readonly jobs: number;
  readonly machine: number;
  readonly build: number;
  readonly advice: number;
}

/** How many lines each part of the table gets; headings are among those of hosts and jobs. */
export interface RowShares extends Contents {
  /** Empty lines before the hosts, or what is first, and before the jobs. */
  readonly gapAbove: number;
  readonly gapBetween: number;
  /** The line at the bottom. */
  readonly last: number;
}

/** A terminal with fewer rows shows only jobs below the totals. */
const low = 8;

/** A terminal with fewer rows has no line at the bottom. */
const lowLast = 10;

/** How many hosts and jobs come before everything but the totals, and before advice. */
const few = { hosts: 2, jobs: 3 } as const;
const enough = { hosts: 4, jobs: 6 } as const;

/** Lines of a list with a heading; without anything in it, those of what is said instead. */
const listLines = (values: number, most: number, empty: number): number =>
  values === 0 ? empty : Math.min(values, most) + 1;

/** Shares the rows of a terminal out, one of which has the totals: some jobs and hosts first, advice last. */
export function shareRows(rows: number, contents: Contents): RowShares {
  const nothing = { hosts: 0, machine: 0, build: 0, advice: 0, gapAbove: 0, gapBetween: 0, last: 0 };
  if (rows < low) return { ...nothing, jobs: Math.max(0, rows - 1) };
  const jobLines = (most: number): number => listLines(contents.jobs, most, 1);
  const hostLines = (most: number): number => listLines(contents.hosts, most, 0);
  const last = rows < lowLast ? 0 : 1;
  let free = rows - 1 - last;
  const take = (wanted: number, before: typeof few | typeof enough): number => {
    if (free - jobLines(before.jobs) - hostLines(before.hosts) < wanted) return 0;
    free -= wanted;
    return wanted;
  };
  const build = take(contents.build, few);
  const machine = take(contents.machine, few);
  const gapBetween = contents.hosts === 0 ? 0 : take(1, few);
  const gapAbove = take(1, few);
  const advice = take(contents.advice, enough);
  // Hosts get half of the room, and what jobs leave; both get their first lines.
  const most = Math.max(Math.floor(free / 2), free - jobLines(Infinity));
  const hosts = Math.min(
    hostLines(Infinity),
    Math.max(hostLines(few.hosts), Math.min(most, free - jobLines(enough.jobs))),
  );
  return { hosts, jobs: free - hosts, machine, build, advice, gapAbove, gapBetween, last };
}
