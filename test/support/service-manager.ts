import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { distccdProgram, makeMasquerade, makeOpenFolder, until } from './daemon.ts';

const program = resolve(import.meta.dirname, 'service-manager.py');

/** How a service is started; see `service-manager.py`. */
export interface ServiceSetup {
  /** `tcp`, `tcp6`, the path of a Unix socket; or what is not a listening socket: `file`, `connected`, `datagram`. */
  readonly sockets: readonly string[];
  readonly names?: readonly string[];
  /** An address for notifications, and whether the service gets it as an open descriptor. */
  readonly notify?: string;
  readonly notifyDescriptor?: boolean;
  readonly watchdog?: number;
  /** Gives LISTEN_PID of another process. */
  readonly notForUs?: boolean;
  readonly restart?: boolean;
  readonly options?: readonly string[];
  readonly compilers?: string;
  /** Instead of distccd. */
  readonly argv?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

interface Happening {
  readonly port?: number;
  readonly started?: number;
  readonly heard?: string;
  readonly pid?: number;
  readonly ended?: number;
}

/** A service and its manager. */
export class TestService {
  readonly #manager: ChildProcess;
  readonly #top = mkdtempSync(join(tmpdir(), 'test-service-'));
  readonly happenings: Happening[] = [];
  log = '';

  constructor(setup: ServiceSetup) {
    const temporary = makeOpenFolder(this.#top, 'tmp');
    const masks = makeMasquerade(this.#top, ['gcc', 'fakecc']);
    const words = ['--daemon', '--log-stderr', '--verbose', '--masquerade-dir', masks, ...(setup.options ?? [])];
    const environment = {
      TMPDIR: temporary,
      PATH: `${setup.compilers ?? '/usr/local/bin'}:/usr/bin:/bin`,
      ...setup.environment,
    };
    const argv = setup.argv ?? [process.execPath, distccdProgram, ...words];
    this.#manager = spawn('python3', [program, JSON.stringify({ ...setup, argv, environment })]);
    let text = '';
    this.#manager.stdout?.on('data', (chunk: Buffer) => {
      const lines = (text + chunk.toString()).split('\n');
      text = lines.pop() ?? '';
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the program beside this file wrote it
      this.happenings.push(...lines.map((line) => JSON.parse(line) as Happening));
    });
    this.#manager.stderr?.on('data', (chunk: Buffer) => {
      this.log += chunk.toString();
    });
  }

  get ports(): number[] {
    return this.happenings.flatMap(({ port }) => (port === undefined ? [] : [port]));
  }

  /** The service's processes so far. */
  get started(): number[] {
    return this.happenings.flatMap(({ started }) => (started === undefined ? [] : [started]));
  }

  /** What the manager was told, by the service itself. */
  get heard(): string[] {
    return this.happenings.flatMap(({ heard, pid }) =>
      heard !== undefined && this.started.includes(pid ?? 0) ? [heard] : [],
    );
  }

  get ended(): number | undefined {
    return this.happenings.findLast(({ ended }) => ended !== undefined)?.ended;
  }

  async hears(text: string | RegExp): Promise<void> {
    const fits = (line: string): boolean => (typeof text === 'string' ? line === text : text.test(line));
    await until(() => this.heard.some((line) => fits(line)), `the manager hears ${text}: ${this.log}`);
  }

  async says(text: string): Promise<void> {
    await until(() => this.log.includes(text), `the service says "${text}"`);
  }

  async ends(): Promise<number> {
    await until(() => this.ended !== undefined, `the service ends: ${this.log}`);
    return this.ended ?? -1;
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.started.at(-1) ?? 0, name);
  }

  async close(): Promise<void> {
    this.#manager.stdin?.end();
    if (this.#manager.exitCode === null) await once(this.#manager, 'exit');
    rmSync(this.#top, { recursive: true, force: true });
  }
}
