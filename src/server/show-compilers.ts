import { Failure } from '../basics/failure.ts';
import type { DaemonOptions } from '../config/daemon-options.ts';
import { FileHashes } from '../system/files/file-hashes.ts';
import type { Compiler } from './compilers/look-at-compiler.ts';
import type { Notices } from './log/startup-notices.ts';
import { assembleService } from './start/assemble-service.ts';
import type { AssembledService } from './start/assemble-service.ts';
import { becomeServingAccount } from './start/drop-privileges.ts';
import { findCompilers, requireCompiler } from './start/list-compilers.ts';
import { readAccess } from './start/read-access.ts';

/** A compiler as `--show-compilers --json` prints it; without a version nothing could be found out about it. */
interface ShownCompiler {
  readonly name: string;
  /** Undefined when it is permitted and not installed. */
  readonly path?: string;
  readonly version?: string;
  readonly target?: string;
  /** What clients compare besides: SHA-256 of what it makes of a source of this program's. */
  readonly makes?: string;
  /** Its driver, and gcc's part that compiles, with SHA-256. */
  readonly files?: readonly { readonly path: string; readonly sha256: string }[];
}

/** So many are looked at at a time. */
const atATime = 4;

/** What `--show-compilers` prints, and whether a compiler is installed at all. */
export interface Shown {
  readonly text: string;
  /** Undefined when one is. */
  readonly failure: Failure | undefined;
}

/**
 * Shows what the compilers are that clients may run, as the account and in the fence that jobs get.
 * @throws Failure as a start would
 */
export async function showCompilers(options: DaemonOptions): Promise<Shown> {
  const notices: Notices = [];
  const access = readAccess(options, notices);
  becomeServingAccount(options, notices);
  const quiet = {
    ...options,
    'log-file': undefined,
    'log-stderr': true,
    'log-level': 'alert',
    'result-cache': 0,
  } as const;
  const service = assembleService({ ...quiet, 'no-tree': true }, () => access, notices, { stderr: 'any' });
  try {
    const listed = findCompilers(options, service.compilers, process.env);
    const shown = await lookAtAll(listed.found, service);
    const all = [...shown, ...listed.lacking.map((name) => ({ name }))];
    const text = options.json ? `${JSON.stringify(all, undefined, 2)}\n` : all.map(linesOf).join('');
    return { text, failure: failureOf(() => requireCompiler(listed)) };
  } finally {
    await service.remove();
  }
}

function failureOf(check: () => void): Failure | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

type Found = ReturnType<typeof findCompilers>['found'];

async function lookAtAll(found: Found, service: AssembledService): Promise<ShownCompiler[]> {
  const hashes = new FileHashes();
  const shown: ShownCompiler[] = [];
  const waiting = [...found.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [at, { asked, name, path }] = next;
      const compiler = await service.lookAt({ name, path });
      shown[at] = compiler === undefined ? { name: asked, path } : await describe(asked, compiler, hashes);
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  return shown;
}

async function describe(name: string, compiler: Compiler, hashes: FileHashes): Promise<ShownCompiler> {
  const { path, fingerprint, programs } = compiler;
  const files: { path: string; sha256: string }[] = [];
  for (const program of programs) {
    const sha256 = await Promise.resolve()
      .then(() => hashes.of(program))
      .catch(() => 'cannot be read');
    files.push({ path: program, sha256 });
  }
  return { name, path, ...fingerprint, files };
}

/** The lines of one compiler: it and what it is, and below that its files. */
function linesOf({ name, path, version, target, makes, files = [] }: ShownCompiler): string {
  if (path === undefined) return `${name}: permitted and not installed\n`;
  if (version === undefined || target === undefined) {
    return `${name}: ${path}\n  clients cannot compare it: it does not work here, or is not a kind of gcc or clang\n`;
  }
  const lines = [
    `${name}: ${path}`,
    `  version  ${version}`,
    `  target   ${target}`,
    `  makes    ${makes ?? ''}`,
    ...files.map((file) => `  sha256   ${file.sha256}  ${file.path}`),
  ];
  return `${lines.join('\n')}\n`;
}
