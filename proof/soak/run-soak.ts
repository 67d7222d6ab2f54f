import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitStatus } from '../../src/basics/exit-status.ts';
import { Failure } from '../../src/basics/failure.ts';
import type { Cleanup } from '../../demo/cleanup.ts';
import { makeMasqueradeDirectory, makeSharedDirectory, startDaemon } from '../../demo/daemons.ts';
import { freePort } from '../../scripts/free-port.mjs';
import { agentsIn } from '../chaos/mischief.ts';

/** How many jobs, and how much more memory and descriptors a program may have at the end than in the middle. */
export interface SoakPlan {
  readonly top: string;
  readonly jobs: number;
  readonly memoryMb: number;
  readonly descriptors: number;
  readonly say: (line: string) => void;
}

interface Usage {
  readonly memoryMb: number;
  readonly descriptors: number;
}

/** What a process holds at rest. */
function usageOf(pid: number): Usage {
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { memoryMb: Number(resident) / 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

const source = (number: number): string =>
  `#include <stdio.h>\nint f${number}(int x) { return printf("%d\\n", x + ${number}); }\n`;

/** The sources, which come round again and again: by then headers and where they are have been remembered. */
const sources = 64;
const atATime = 8;

type Samples = Map<string, Usage[]>;

/** What grew more than it may from the middle of a run to its end. */
function growth(samples: Samples, plan: SoakPlan): string[] {
  return [...samples].flatMap(([name, usages]) => {
    // What the collector has not freed yet does not count as growth: the least of three looks counts.
    const least = (some: readonly Usage[], key: keyof Usage): number => Math.min(...some.map((usage) => usage[key]));
    const half = usages.length >> 1;
    const [middle, last] = [usages.slice(half - 2, half + 1), usages.slice(-3)];
    const memory = least(last, 'memoryMb') - least(middle, 'memoryMb');
    const descriptors = least(last, 'descriptors') - least(middle, 'descriptors');
    return [
      ...(memory > plan.memoryMb
        ? [`${name} took ${memory.toFixed(1)} MB more in the second half, and ${plan.memoryMb} MB are allowed`]
        : []),
      ...(descriptors > plan.descriptors
        ? [`${name} opened ${descriptors} descriptors more in the second half, and ${plan.descriptors} are allowed`]
        : []),
    ];
  });
}

/**
 * Has one daemon and one agent do many jobs, and looks at what they hold in ten pauses.
 * @throws Failure when a job fails, a program ends, or one holds more at the end than in the middle
 */
export async function runSoak(plan: SoakPlan, cleanup: Cleanup): Promise<void> {
  const place = mkdtempSync(join(tmpdir(), 'distccd-soak-'));
  cleanup.add(() => rmSync(place, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  chmodSync(place, 0o755);
  const distcc = join(plan.top, 'dist/bin/distcc');
  makeMasqueradeDirectory(join(place, 'links'), distcc);
  const [own, work] = ['own', 'work'].map((name) => join(place, name)) as [string, string];
  for (const folder of [own, work]) mkdirSync(folder);
  for (let number = 0; number < sources; number += 1) writeFileSync(join(work, `${number}.c`), source(number));
  const port = await freePort();
  const command = [process.execPath, join(plan.top, 'dist/bin/distccd'), '--no-detach', '--port', String(port)];
  command.push('--listen', '127.0.0.1', '--allow', '127.0.0.1', '--masquerade-dir', join(place, 'links'));
  command.push('--log-stderr', '--log-level', 'error');
  const environment = { TMPDIR: makeSharedDirectory(join(place, 'tmp')) };
  const daemon = await startDaemon({ command, port, logFile: join(place, 'log'), environment }, cleanup);
  const kept = Object.entries(process.env).filter(([name]) => !/^_?DISTCC/.test(name));
  const clients = {
    ...Object.fromEntries(kept),
    DISTCC_DIR: own,
    DISTCC_HOSTS: `127.0.0.1:${port}/${atATime},lzo`,
    DISTCC_FALLBACK: '0',
  };
  cleanup.add(async () => {
    spawnSync(distcc, ['--agent-stop'], { env: clients, stdio: 'ignore' });
    // An agent that still has jobs would make its folders again.
    for (let waited = 0; waited < 10_000 && agentsIn(own).length > 0; waited += 100)
      await new Promise((next) => setTimeout(next, 100));
  });

  const compile = async (number: number): Promise<void> => {
    const name = number % sources;
    const child = spawn(distcc, ['cc', '-c', `${name}.c`, '-o', `${name}-${number % atATime}.o`], {
      cwd: work,
      env: clients,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await once(child, 'close');
    if (child.exitCode !== 0)
      throw new Failure(exitStatus.general, `job ${number} ended with ${child.exitCode}: ${output}`);
  };
  const samples: Samples = new Map([
    ['the daemon', []],
    ['the agent', []],
  ]);
  const look = (done: number): void => {
    const pids = [daemon.process.pid ?? 0, agentsIn(own)[0] ?? 0];
    const words = [...samples].map(([name, usages], at) => {
      const usage = usageOf(pids[at] ?? 0);
      usages.push(usage);
      return `${name} ${usage.memoryMb.toFixed(1)} MB, ${usage.descriptors} descriptors`;
    });
    plan.say(`${done} jobs: ${words.join('; ')}`);
  };
  const parts = 10;
  let begun = 0;
  for (let part = 1; part <= parts; part += 1) {
    const end = Math.round((plan.jobs * part) / parts);
    const worker = async (): Promise<void> => {
      while (begun < end) {
        begun += 1;
        await compile(begun);
      }
    };
    await Promise.all(Array.from({ length: atATime }, worker));
    look(begun);
  }
  const grown = growth(samples, plan);
  if (grown.length > 0) throw new Failure(exitStatus.general, grown.join('; '));
}
