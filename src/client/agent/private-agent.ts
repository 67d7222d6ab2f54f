import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { distccDirectory, readVariable } from '../../config/client-environment.ts';
import { directoryPath } from '../../system/files/byte-directory.ts';
import { nameProcess } from '../../system/processes/process-name.ts';
import { compressLzo } from '../../wire/lzo/compress.ts';
import { openLockFolder } from '../slots/lock-folder.ts';
import type { LockFolder } from '../slots/lock-folder.ts';
import { polledSlots } from '../slots/slots.ts';
import { HeaderGraph } from '../headers/header-graph.ts';
import { doJob } from './do-job.ts';
import { HostLists } from './host-lists.ts';
import type { Shared, SlotAsker } from './job-effects.ts';
import { Launcher } from './launcher.ts';
import { FrameReader, kinds } from '../../wire/agent/frame.ts';
import { readJob } from '../../wire/agent/job.ts';
import { Notices } from './notices.ts';
import { Programs } from './programs.ts';
import { Tally } from './tally.ts';
import { TextMemory } from '../transport/text-memory.ts';
import { openState } from '../user-files/state-file.ts';

/** How long, in ms, the agent may clean up after its launcher has ended. */
const lastGrace = 5000;

function lockFolderOf({ environment, restSeconds }: SlotAsker): LockFolder {
  const directory = directoryPath(distccDirectory(environment));
  if (directory !== undefined) return openLockFolder(`${directory}/lock`, restSeconds);
  const refuse = (): never => {
    throw new Error("HOME is not set; can't find distcc directory");
  };
  return { take: refuse, takeLocal: refuse, rests: () => false, rest: refuse, praise: refuse };
}

/** Slots as lock files: clients without a resident agent share them, also with distcc 3.4. */
function slotsFor(asker: SlotAsker): ReturnType<Shared['slotsFor']> {
  return polledSlots({
    locks: lockFolderOf(asker),
    log: asker.log,
    interrupted: asker.interrupted,
    pause: (milliseconds) => delay(milliseconds),
    pauseWished: readVariable('DISTCC_PAUSE_TIME_MSEC', asker.environment, (sentence) => asker.log.warning(sentence)),
  });
}

/**
 * Does one job for the launcher at the other end of a descriptor. Resolves when that launcher, or the compiler that it
 * became, has ended.
 */
export async function runPrivateAgent(descriptor: number): Promise<void> {
  nameProcess('distcc-agent');
  const now = (): number => performance.now();
  const shared: Shared = {
    slotsFor,
    openState,
    preprocessAhead: false,
    memory: new TextMemory(),
    inputs: { hosts: undefined, graph: new HeaderGraph(), distrusted: new Set(), tally: new Tally() },
    packer: { pack: (text) => Promise.resolve(compressLzo(text)) },
    hosts: new HostLists(),
    programs: new Programs(now),
    notices: new Notices(now),
  };
  const socket = new Socket({ fd: descriptor, readable: true, writable: true });
  const launcher = new Launcher(socket);
  const reader = new FrameReader();
  let doing: Promise<void> | undefined;
  const take = (chunk: Buffer): void => {
    reader.feed(chunk);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
      if (doing !== undefined) launcher.hear(frame);
      else if (frame.kind === kinds.JOB) doing = doJob(readJob(frame.content), launcher, shared);
      else throw new Error('a stranger to our messages');
    }
  };
  await new Promise<void>((resolve) => {
    socket.on('error', () => {});
    socket.once('close', () => {
      launcher.close();
      resolve();
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        take(chunk);
      } catch {
        socket.destroy();
      }
    });
  });
  // Whatever the job still waits for, such as ssh, nobody needs any more.
  await Promise.race([doing, delay(lastGrace)]);
}
