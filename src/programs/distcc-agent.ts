import { closeSync } from 'node:fs';
import { basename } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { isMainThread } from 'node:worker_threads';
import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { readWholeNumber } from '../basics/whole-number.ts';
import { runAgent } from '../client/agent/agent.ts';
import { agentVersion } from '../agent-state/agent-version.ts';
import { runActivatedAgent } from '../client/agent/socket-activation.ts';
import { serveAsPacker } from '../client/transport/packing-thread.ts';
import { runPrivateAgent } from '../client/agent/private-agent.ts';
import { readVariable } from '../config/client-environment.ts';
import type { Environment } from '../config/client-environment.ts';
import { versionBlock } from '../config/version.ts';
import { byteText } from '../system/byte-text.ts';
import { takeGivenDescriptors } from '../system/descriptors/given-descriptors.ts';
import { prepareLookups } from '../system/machine/name-lookup.ts';
import { findServiceManager } from '../system/service-manager/sd-notify.ts';
import { run } from './run.ts';

const help = `Usage: distcc-agent SOCKET [DESCRIPTOR]

distcc starts its agent itself, one for each user and DISTCC_DIR; there is no need to call it. "distcc --agent-status"
shows what it does, "distcc --agent-stop" ends it. systemd starts it for the socket of distcc-agent.socket.
`;

/**
 * The environment that the launcher was called with, as byte texts. The launcher renames variables that would affect
 * this Node program; here they get their names back.
 */
function givenBack(environment: Environment): Environment {
  const hidden = /^_DISTCC_(?=NODE_|OPENSSL_CONF$)/;
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) given[name.replace(hidden, '')] = byteText(value ?? '');
  return given;
}

/** The working directory; empty when it has been removed. */
function ownDirectory(): string {
  try {
    return byteText(process.cwd());
  } catch {
    return '';
  }
}

/**
 * Runs one of distcc's own options. The launcher starts this program for them; the first word is the name that it was
 * called by.
 */
async function answerCommand([argv0 = 'distcc', ...words]: readonly string[]): Promise<number> {
  const { answerCall } = await import('../client/command-line.ts');
  const directory = ownDirectory();
  return answerCall({ argv0, words: words.map(byteText), environment: givenBack(process.env), directory });
}

/**
 * A private agent for one launcher. Both must have the same version: an upgrade may have replaced this program
 * meanwhile.
 */
async function serveOne(version: string, descriptor: number): Promise<never> {
  prepareLookups(process.env, { atOnce: 8, seconds: 1 });
  if (version === agentVersion) await runPrivateAgent(descriptor);
  process.exit(exitStatus.ok);
}

/**
 * Has V8 optimize code later. Most of a job's code runs a few times a job, and compiling it for speed, which is done
 * again for each change of types, costs more than it saves (doc/performance.md). And has it look for garbage when the
 * heap has grown by 30 %: what is known of thousands of headers stays, and would be held half as much again. A version
 * of Node that does not know a flag ignores it.
 */
function suitJobs(): void {
  setFlagsFromString('--interrupt-budget=1000000');
  setFlagsFromString('--heap-growing-percent=30');
}

async function serveAll(path: string, descriptor: number | undefined): Promise<never> {
  suitJobs();
  prepareLookups(process.env, { atOnce: 8, seconds: 2 });
  const idleSeconds = readVariable('DISTCC_AGENT_IDLE', process.env);
  const program = process.argv[1];
  const given = takeGivenDescriptors(process.env);
  const manager = findServiceManager(given, process.env);
  const [activationSocket] = given;
  if (activationSocket !== undefined)
    process.exit(await runActivatedAgent({ path, idleSeconds, program, activationSocket, manager }));
  // During an upgrade a launcher may start an agent of another version, which would misread its messages.
  if (basename(path) !== agentVersion) {
    throw new Failure(exitStatus.badArguments, `"${path}" is not for an agent of version ${agentVersion}`);
  }
  const listening = (): void => {
    if (descriptor !== undefined) closeSync(descriptor);
  };
  await runAgent({ path, idleSeconds, listening, program });
  // An open connection must not keep the process alive.
  process.exit(exitStatus.ok);
}

async function main([first, second, ...more]: readonly string[]): Promise<number> {
  if (first === '--command') return answerCommand([second ?? 'distcc', ...more]);
  if (first === '--version' || first === '--help') {
    const version = `${versionBlock('distcc-agent', 'protocols 1 and 2')}\n`;
    process.stdout.write(first === '--help' ? `${version}\n${help}` : version);
    return exitStatus.ok;
  }
  const descriptor = readWholeNumber(second ?? '', 3, 1024);
  // The launcher's alarm is for an agent that hangs before it gets here: from now on it is ignored.
  process.on('SIGALRM', () => {});
  if (first?.startsWith('--private=') === true && descriptor !== undefined)
    return serveOne(first.slice('--private='.length), descriptor);
  if (first?.startsWith('/') !== true) {
    throw new Failure(exitStatus.badArguments, 'distcc starts its agent itself: do not call it');
  }
  return serveAll(first, descriptor);
}

// A worker thread runs this same file, since each program is a single file.
if (isMainThread) void run(process.argv[2] === '--command' ? 'distcc' : 'distcc-agent', main);
else serveAsPacker();
