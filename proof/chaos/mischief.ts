import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dice } from '../dice.ts';
import type { Host } from './host.ts';
import { processesWith, signalTo } from './processes.ts';

/** Where mischief is made. */
export interface Scene {
  readonly hosts: readonly [Host, ...Host[]];
  /** The user's distcc folder. */
  readonly own: string;
  readonly distcc: string;
  readonly mark: string;
  readonly dice: Dice;
}

/** What is being done to a build. */
export interface Mischief {
  /** What was done, in order. */
  readonly story: readonly string[];
  /** How many launchers were killed: make fails for those, as it would for any compiler. */
  readonly launchersKilled: () => number;
  /** Ends it: stopped processes go on, killed ones are started again, and disks have room. */
  readonly end: () => Promise<void>;
}

/** Empty when the file has just gone. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The agents of a user that live; one that was killed leaves its name there. */
export function agentsIn(own: string): number[] {
  const folder = join(own, 'agent');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.pid'))
    .map((name) => Number(readIfThere(join(folder, name))))
    .filter((pid) => pid > 0 && existsSync(`/proc/${pid}`));
}

const pause = (ms: number): Promise<void> => new Promise((next) => setTimeout(next, ms));

/** Does one thing after another to daemons, agent and launchers, at times that follow from the dice. */
export function makeMischief(scene: Scene): Mischief {
  const { hosts, own, distcc, mark, dice } = scene;
  const story: string[] = [];
  const stopped = new Set<number>();
  let killed = 0;
  const over = new AbortController();

  const stopFor = (pid: number, ms: number): void => {
    if (!signalTo(pid, 'SIGSTOP')) return;
    stopped.add(pid);
    setTimeout(() => {
      if (stopped.delete(pid)) signalTo(pid, 'SIGCONT');
    }, ms);
  };
  const launcher = (): number | undefined => {
    const all = processesWith(mark).filter(({ program }) => program === distcc);
    return all[dice.below(all.length)]?.pid;
  };
  const toProcess = (what: string, pid: number | undefined): boolean => {
    if (pid === undefined) return false;
    const way = dice.pick(['SIGTERM', 'SIGKILL', 'SIGSTOP'] as const);
    story.push(`${way} to ${what} ${pid}`);
    if (way === 'SIGSTOP') stopFor(pid, 100 + dice.below(900));
    else return signalTo(pid, way);
    return false;
  };
  const toHost = async (host: Host): Promise<void> => {
    const way = dice.pick(['SIGTERM', 'SIGKILL', 'SIGSTOP', 'full', 'empty'] as const);
    story.push(`${way} to ${host.name}`);
    const { pid } = host.daemon().process;
    if (way === 'full' || way === 'empty') host.fill(way === 'full');
    else if (way === 'SIGSTOP') {
      if (pid !== undefined) stopFor(pid, 100 + dice.below(1500));
    } else await host.restart(way);
  };
  const loop = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await pause(30 + dice.below(400));
      if (over.signal.aborted) return;
      const what = dice.below(6);
      if (what === 0) toProcess('an agent', agentsIn(own)[0]);
      else if (what === 1) {
        if (toProcess('a launcher', launcher())) killed += 1;
      } else await toHost(dice.pick(hosts));
    }
  };
  const looping = loop();
  return {
    story,
    launchersKilled: () => killed,
    async end() {
      over.abort();
      await looping;
      for (const pid of stopped) signalTo(pid, 'SIGCONT');
      stopped.clear();
      for (const host of hosts) host.fill(false);
    },
  };
}
