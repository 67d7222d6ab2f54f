import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** The bundle that will be packaged: what is tested is what is installed. */
export const distccProgram = resolve(import.meta.dirname, '../../../dist/bin/distcc');

/** What a client did. */
export interface Result {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A client at work. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Result>;
}

/** Folders of one test: a place to work in, the user's distcc folder, and one for temporary files. */
export class Sandbox {
  readonly top = mkdtempSync(join(tmpdir(), 'test-client-'));
  readonly work = join(this.top, 'work');
  readonly own = join(this.top, 'distcc');
  readonly temporary = join(this.top, 'tmp');
  readonly #children: ChildProcess[] = [];
  readonly #agent: '0' | '1';

  /** The client does its work alone unless it is to have an agent. */
  constructor({ agent = false } = {}) {
    this.#agent = agent ? '1' : '0';
    for (const folder of [this.work, this.own, this.temporary]) mkdirSync(folder);
    chmodSync(this.top, 0o755);
  }

  path(name: string): string {
    return join(this.work, name);
  }

  write(name: string, text: string): string {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  /** Puts a script of that name where no system program is, and gives its directory. */
  script(name: string, text: string): string {
    const folder = join(this.top, 'scripts');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
    return folder;
  }

  read(name: string): Buffer {
    return readFileSync(this.path(name));
  }

  has(name: string): boolean {
    return existsSync(this.path(name));
  }

  /** What a plain local run of a command makes of a file. */
  localResult(command: readonly string[], output: string): Buffer {
    const [program = '', ...words] = command;
    execFileSync(program, words, { cwd: this.work, stdio: 'ignore' });
    const bytes = this.read(output);
    rmSync(this.path(output));
    return bytes;
  }

  /**
   * What a local compile makes of its own preprocessed text. With `-g` a compile tells columns inside macros, which no
   * preprocessed text has: then this is what every distcc can do best.
   */
  localResultInTwoSteps(command: readonly string[], source: string, output: string): Buffer {
    const text = `preprocessed${source.endsWith('.c') ? '.i' : '.ii'}`;
    const words = command.slice(1).filter((word) => !word.startsWith('-o') && word !== output);
    const [program = ''] = command;
    const preprocess = words.map((word) => (word === '-c' || word === '-S' ? '-E' : word));
    execFileSync(program, [...preprocess, '-o', text], { cwd: this.work });
    const compile = words.map((word) => (word === source ? text : word));
    return this.localResult([program, ...compile, '-o', output], output);
  }

  environment(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    const kept = Object.entries(process.env).filter(([name]) => !/^(?:_?DISTCC|UNCACHED_ERR_FD)/.test(name));
    return {
      ...Object.fromEntries(kept),
      DISTCC_DIR: this.own,
      DISTCC_AGENT: this.#agent,
      TMPDIR: this.temporary,
      LC_ALL: 'C',
      ...more,
    };
  }

  start(words: readonly string[], more: NodeJS.ProcessEnv, { program = distccProgram, input = '' } = {}): Running {
    const child = spawn(program, words, { cwd: this.work, env: this.environment(more), stdio: 'pipe' });
    this.#children.push(child);
    const texts = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => void (texts.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => void (texts.stderr += chunk.toString()));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    const ended = once(child, 'close').then(() => ({ status: child.exitCode, signal: child.signalCode, ...texts }));
    return { child, ended };
  }

  run(words: readonly string[], more: NodeJS.ProcessEnv, options = {}): Promise<Result> {
    return this.start(words, more, options).ended;
  }

  /** The names in the lock folder. */
  locks(): string[] {
    const folder = join(this.own, 'lock');
    return existsSync(folder) ? readdirSync(folder).sort() : [];
  }

  /** The names in the state folder. */
  /** The jobs that monitors would show. */
  states(): string[] {
    const folder = join(this.own, 'state');
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('binstate_')) : [];
  }

  temporaries(): string[] {
    return readdirSync(this.temporary);
  }

  /** The processes of the agents that belong to this sandbox. */
  agents(): number[] {
    const folder = join(this.own, 'agent');
    const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.pid')) : [];
    return names.flatMap((name) => {
      try {
        return [Number(readFileSync(join(folder, name), 'utf8'))];
      } catch {
        // It has just ended.
        return [];
      }
    });
  }

  #endAgents(): void {
    for (const pid of this.agents()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Killed by the test.
      }
    }
  }

  remove(): void {
    this.#endAgents();
    for (const child of this.#children) if (child.exitCode === null) child.kill('SIGKILL');
    // An agent of a client that was killed may still be taking its files away.
    rmSync(this.top, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}
