import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readDependencyRule } from '../../../../src/compiler/content/dependency-rule.ts';
import { expect } from 'vitest';
import { findInputs, recallInputs } from '../../../../src/client/headers/find-inputs.ts';
import { HeaderGraph } from '../../../../src/client/headers/header-graph.ts';
import type { Found, HeaderJob, Input } from '../../../../src/client/headers/inputs.ts';
import { stampsDigest } from '../../../../src/wire/agent/gate.ts';
import { LocalDisk } from '../../../support/local-disk.ts';

/** A folder with sources, a graph that lives as long, and what was asked last. */
export class Project {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'distcc-headers-')));
  graph = new HeaderGraph();
  disk = new LocalDisk(this.path);

  write(name: string, text: string | Buffer): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Finds the inputs of a compile of `source` by these words, the compiler first. */
  async find(words: readonly string[], source = 'a.c', environment: NodeJS.ProcessEnv = {}): Promise<Found> {
    const all = { ...process.env, ...environment };
    this.disk = new LocalDisk(this.path, all);
    const argv = [...words, '-c', source, '-o', 'a.o'];
    const plain = Object.fromEntries(
      Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
    const job = { source, argv, directory: this.path, environment: plain };
    const recalled = await this.#recalled(job);
    const found = await findInputs(job, this.disk, this.graph);
    // Whatever has changed between two jobs: a premise holds only when a look finds the same.
    if (recalled !== undefined) expect(found).toEqual(recalled);
    return found;
  }

  /** What an earlier job tells of this one, if its premise holds. */
  async #recalled(job: HeaderJob): Promise<Found | undefined> {
    const recalled = recallInputs(job, this.graph);
    if (recalled?.kind !== 'inputs' || recalled.premise === undefined) return undefined;
    const { premise, ...found } = recalled;
    const stamps = await new LocalDisk(this.path).look(premise.paths);
    return stampsDigest(stamps).equals(premise.digest) ? found : undefined;
  }

  /** What the compiler lists by `-M`, as it spells it. */
  listed(words: readonly string[], source = 'a.c', more: readonly string[] = []): string[] {
    const [compiler = '', ...rest] = words;
    const argv = [...rest, '-w', '-M', '-MT', 'x', ...more, source];
    const text = execFileSync(compiler, argv, {
      cwd: this.path,
      encoding: 'latin1',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return readDependencyRule(text) ?? [];
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The inputs that were found. @throws when they were not */
export function inputsOf(found: Found): readonly Input[] {
  if (found.kind !== 'inputs') throw new Error(`to be preprocessed: ${found.because}`);
  return found.inputs;
}

/** The paths of found inputs of one kind, below a folder when one is named. */
export function pathsOf(found: Found, kind: Input['kind'], below = ''): string[] {
  return inputsOf(found).flatMap((input) => (input.kind === kind && input.path.startsWith(below) ? [input.path] : []));
}

/** What a compiler reads in a directory that was not found. */
export function missing(found: Found, listed: readonly string[], directory: string): string[] {
  const files = new Set(pathsOf(found, 'file'));
  return listed
    .map((name) => realpathSync.native(name.startsWith('/') ? name : `${directory}/${name}`))
    .filter((path) => !files.has(path));
}
