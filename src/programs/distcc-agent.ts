import { closeSync } from 'node:fs';
import { basename } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { readWholeNumber } from '../basics/whole-number.ts';
import { runAgent } from '../client/agent/agent.ts';
import { agentVersion } from '../client/agent/agent-version.ts';
import { runAgentForDoor } from '../client/agent/door.ts';
import { serveAsPacker } from '../client/agent/packing-thread.ts';
import { readVariable } from '../config/client-environment.ts';
import { versionBlock } from '../config/version.ts';
import { takeGivenDescriptors } from '../system/given-descriptors.ts';
import { prepareLookups } from '../system/name-lookup.ts';
import { findServiceManager } from '../system/sd-notify.ts';
import { run } from './run.ts';

const help = `Usage: distcc-agent SOCKET [DESCRIPTOR]

distcc starts its agent itself, one for each user and DISTCC_DIR; there is no need to call it. "distcc --agent-status"
shows what it does, "distcc --agent-stop" ends it. systemd starts it for the socket of distcc-agent.socket.
`;

async function main([path, ready]: readonly string[]): Promise<number> {
  if (path === '--version' || path === '--help') {
    const version = `${versionBlock('distcc-agent', 'protocols 1 and 2')}\n`;
    process.stdout.write(path === '--help' ? `${version}\n${help}` : version);
    return exitStatus.ok;
  }
  if (path?.startsWith('/') !== true) {
    throw new Failure(exitStatus.badArguments, 'distcc starts its agent itself: there is no need to call it');
  }
  prepareLookups(process.env, { atOnce: 8, seconds: 2 });
  const idleSeconds = readVariable('DISTCC_AGENT_IDLE', process.env);
  const program = process.argv[1];
  const given = takeGivenDescriptors(process.env);
  const manager = findServiceManager(given, process.env);
  const [door] = given;
  if (door !== undefined) process.exit(await runAgentForDoor({ path, idleSeconds, program, door, manager }));
  // Amidst an upgrade a launcher meets the other version's agent beside it: that one would take its messages for others.
  if (basename(path) !== agentVersion) {
    throw new Failure(exitStatus.badArguments, `"${path}" is not for an agent of version ${agentVersion}`);
  }
  const descriptor = readWholeNumber(ready ?? '', 3, 1024);
  const listening = (): void => {
    if (descriptor !== undefined) closeSync(descriptor);
  };
  await runAgent({ path, idleSeconds, listening, program });
  // A connection that is left open must not keep it.
  process.exit(exitStatus.ok);
}

// A worker thread runs the same file: a program is installed as one.
if (isMainThread) void run('distcc-agent', main);
else serveAsPacker();
