import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { lives } from '../../../src/system/processes/living-process.ts';
import { distccProgram } from '../client/sandbox.ts';
import type { Sandbox } from '../client/sandbox.ts';

/** The processes that run in a directory or below it. */
export function processesIn(directory: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`).startsWith(directory) && lives(Number(name));
    } catch {
      return false;
    }
  });
}

/** Writes this many sources, and a makefile that has distcc compile them to objects with names o0.o, o1.o … */
export function writeMakefile(box: Sandbox, count: number, compiler = 'gcc'): void {
  const names = Array.from({ length: count }, (_, at) => `o${at}`);
  for (const name of names)
    box.write(`${name}.c`, `#include <stdio.h>\nint ${name}(void) { return puts("${name}"); }\n`);
  const rules = names.map((name) => `${name}.o:\n\t@'${distccProgram}' ${compiler} -O1 -c ${name}.c -o $@`);
  box.write('Makefile', `all: ${names.map((name) => `${name}.o`).join(' ')}\n${rules.join('\n')}\n`);
}

/** A make at work. */
export interface Build {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly status: number | null; readonly text: string }>;
  /** Sends a signal to its process group, as a terminal does. */
  interrupt(signal: NodeJS.Signals): void;
}

/** Starts make where the sandbox's work is; a session of its own stands for a terminal. */
export function startMake(box: Sandbox, jobs: number, more: NodeJS.ProcessEnv): Build {
  const environment = { ...box.environment(more), MAKEFLAGS: '', MAKELEVEL: '' };
  const child = spawn('make', [`-j${jobs}`], { cwd: box.work, env: environment, stdio: 'pipe', detached: true });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, 'close').then(() => ({ status: child.exitCode, text }));
  return {
    child,
    ended,
    interrupt(signal) {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    },
  };
}

/** The objects in the sandbox. */
export const objectsIn = (box: Sandbox): string[] => readdirSync(box.work).filter((name) => name.endsWith('.o'));
