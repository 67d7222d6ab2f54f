import { mkdirSync } from 'node:fs';
import { scanArguments } from '../../src/compiler/command/scan-arguments.ts';
import { createLogger } from '../../src/logging/logger.ts';
import { closeAnswer } from '../../src/server/job/answer.ts';
import { compilerEnvironment } from '../../src/server/job/compiler-environment.ts';
import { JobPlaces } from '../../src/server/job/job-places.ts';
import { runTreeJob } from '../../src/server/job/run-tree-job.ts';
import { LogLimit } from '../../src/server/log/log-limit.ts';
import { TreeRoots } from '../../src/system/fence/tree-roots.ts';
import type { TreeFolder } from '../../src/system/fence/tree-roots.ts';
import { openSpool } from '../../src/system/files/temporary-folder.ts';
import type { Spool } from '../../src/system/files/temporary-folder.ts';
import { spawn } from '../../src/system/processes/spawn.ts';
import { fence } from './fence.ts';

/** The result of a compile, wherever it ran. */
export interface Outcome {
  readonly status: number;
  readonly stderr: string;
  readonly object: Buffer;
  readonly dependencies: string;
}

const searchPath = ['/usr/local/bin', '/usr/bin', '/bin'];

/** A server's part that compiles clients' own files. */
export class TreeServer {
  readonly spool: Spool;
  readonly trees: TreeRoots;
  readonly places: JobPlaces;

  constructor(place: string) {
    mkdirSync(place, { recursive: true });
    this.spool = openSpool(place, 'spool-');
    this.places = new JobPlaces(this.spool);
    this.trees = new TreeRoots(spawn, { directories: searchPath, temporary: place }, this.spool, fence);
  }

  /** Compiles a command of a client; `path` is the compiler. */
  async compile(
    argv: readonly string[],
    { tree, directory, environment = [], path = `/usr/bin/${argv[0]}` }: TreeSetup,
  ): Promise<Outcome> {
    const verdict = scanArguments(argv, 'server');
    if (verdict.run === 'locally') throw new Error(verdict.because);
    const log = createLogger({ program: 'test', level: 'critical', sink: () => {} });
    const compiled = await runTreeJob(
      {
        command: { path, name: argv[0] ?? '', verdict },
        tree,
        directory,
        environment,
        signal: new AbortController().signal,
        log: new LogLimit(log).of('127.0.0.1'),
      },
      {
        places: this.places,
        spawn,
        log,
        environment: compilerEnvironment({}, searchPath, '/.job'),
        lifetimeMs: 120_000,
        graceMs: 1000,
        trees: this.trees,
      },
    );
    const { status, stderr, object, dependencies } = compiled;
    const outcome = {
      status,
      stderr: stderr.read().toString(),
      object: object.read(),
      dependencies: dependencies.read().toString(),
    };
    closeAnswer(compiled);
    dependencies.close();
    return outcome;
  }

  end(): void {
    void this.spool.remove();
  }
}

interface TreeSetup {
  readonly tree: TreeFolder;
  readonly directory: string;
  readonly environment?: readonly string[];
  readonly path?: string;
}
