import { processors } from '../../system/machine/processors.ts';
import { execFile, spawn } from 'node:child_process';
import os from 'node:os';
import { hostTriple, version } from '../../config/version.ts';
import type { Logger } from '../../logging/log-line.ts';
import { findProgram } from '../../system/files/path-search.ts';

/** What is announced (doc/distcc-behaviour.md, "Announcements"). */
export interface Announcement {
  readonly port: number;
  readonly jobs: number;
  readonly host: string;
  readonly cpus: number;
  /** The output of `cc -dumpversion` and `cc -dumpmachine`; undefined without a cc. */
  readonly compiler: { readonly version: string; readonly machine: string } | undefined;
}

const plain = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '-');

/** The arguments of `avahi-publish-service`. Clients look for the subtype, and choose by the TXT records. */
export function publisherWords({ port, jobs, host, cpus, compiler }: Announcement): string[] {
  const facts = [
    'txtvers=1',
    `cpus=${cpus}`,
    `jobs=${jobs}`,
    `distcc=${version}`,
    `gnuhost=${hostTriple(process.arch, process.platform)}`,
  ];
  const service = [`distcc@${host}`, '_distcc._tcp', String(port), ...facts];
  if (compiler === undefined) return ['--no-fail', ...service];
  const subtype = `_${plain(compiler.machine)}--${plain(compiler.version)}._sub._distcc._tcp`;
  const ofCompiler = [`cc_version=${compiler.version}`, `cc_machine=${compiler.machine}`];
  return ['--no-fail', `--subtype=${subtype}`, ...service, ...ofCompiler];
}

/**
 * A shell script that ends the publisher when the pipe from this process closes, even when this process is killed:
 * nothing else would withdraw the announcement.
 */
const keeper = `exec 3<&0
"$@" </dev/null & publisher=$!
{ read -r _ <&3; kill "$publisher"; } 2>/dev/null & watcher=$!
wait "$publisher"; status=$?
kill "$watcher" 2>/dev/null
exit $status`;

/** The program that announces services by Avahi. */
export const publisher = 'avahi-publish-service';

/** Asks `cc` for version and target; undefined when that fails. */
export async function askCompiler(environment: NodeJS.ProcessEnv): Promise<Announcement['compiler']> {
  const ask = (option: string): Promise<string> =>
    new Promise((resolve, reject) => {
      execFile('cc', [option], { env: environment, timeout: 10_000 }, (error, stdout) => {
        if (error === null && /^[\w.-]+\n$/.test(stdout)) resolve(stdout.trim());
        else reject(error ?? new Error('no answer'));
      });
    });
  try {
    return { version: await ask('-dumpversion'), machine: await ask('-dumpmachine') };
  } catch {
    return undefined;
  }
}

/**
 * Announces the server on the local network until the returned function is called. Errors are only logged: the server
 * works without an announcement.
 */
export function announceService(
  { port, jobs }: { port: number; jobs: number },
  log: Logger,
  environment: NodeJS.ProcessEnv,
): () => void {
  const program = findProgram(publisher, { path: environment['PATH'], directory: '/' });
  if (program === undefined) {
    log.warning(`cannot announce this server: there is no ${publisher}; install avahi-utils, or leave --zeroconf out`);
    return () => {};
  }
  let withdraw: (() => void) | undefined;
  let over = false;
  const announce = async (): Promise<void> => {
    const compiler = await askCompiler(environment);
    if (compiler === undefined)
      log.warning('cannot ask cc for its version and target: announcing this server without them');
    const words = publisherWords({ port, jobs, host: os.hostname(), cpus: processors(), compiler });
    if (!over) withdraw = publish([program, ...words], log, environment);
  };
  void announce();
  return () => {
    over = true;
    withdraw?.();
  };
}

function publish(words: readonly string[], log: Logger, environment: NodeJS.ProcessEnv): () => void {
  const child = spawn('/bin/sh', ['-c', keeper, 'sh', ...words], {
    env: environment,
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true,
  });
  let over = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.split('\n')) if (line !== '') log.info(`${publisher}: ${line}`);
  });
  child.stdin.on('error', () => {});
  child.on('error', (error) => log.warning(`cannot announce this server: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (!over)
      log.warning(`${publisher} ended with ${signal ?? `status ${code ?? 0}`}: this server is no longer announced`);
  });
  child.unref();
  return () => {
    over = true;
    child.stdin.destroy();
    child.stderr.destroy();
  };
}
