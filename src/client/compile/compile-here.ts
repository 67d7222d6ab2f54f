import { baseName } from '../../compiler/names/source-name.ts';
import { resultText, exitStatusOf } from '../job/result-text.ts';
import { unlessInterrupted } from '../job/faults.ts';
import type { LocalWork } from '../slots/slots.ts';
import type { FileLock } from '../../system/files/file-lock.ts';
import type { Command } from '../job/call.ts';
import type { World } from './world.ts';

/** A command that is run in this place. */
export interface HereCommand extends Command {
  /** The source's name for the log and for monitors. */
  readonly name: string | undefined;
}

/** Which place of this machine the command takes. */
export type Place =
  /** None: another distcc above us has one already. */
  | { readonly kind: 'none' }
  /** One that is ours already. */
  | { readonly kind: 'taken'; readonly lock: FileLock }
  /** The first one that gets free of so many. */
  | { readonly kind: 'wait'; readonly slots: number; readonly work: LocalWork };

async function lockOf(place: Place, world: World): Promise<FileLock | undefined> {
  if (place.kind === 'taken') return place.lock;
  if (place.kind === 'none') return undefined;
  const taken = await world.slots.takeLocal(place.slots, place.work);
  if (taken !== undefined) world.state.know('local', { slot: taken.slot });
  return taken?.lock;
}

/**
 * Runs a command here and gives its exit status. Unless the caller has something to do afterwards, or the log should tell how it ended,
 * this process may become the command and never return.
 */
export async function compileHere(
  command: HereCommand,
  place: Place,
  world: World,
  andReturn = false,
): Promise<number> {
  const { log, state, interrupted } = world;
  const lock = await lockOf(place, world);
  const begin = world.seconds();
  try {
    log.debug(`exec on localhost: ${command.argv.join(' ')}`);
    if (place.kind !== 'none')
      state.show('local', 'Compile', { host: 'localhost', file: baseName(command.name ?? '') });
    const stays = andReturn || log.writes('info');
    const status = await unlessInterrupted(world.runHere(command, { andReturn: stays, lock }), interrupted);
    const text = resultText(`compile ${command.name ?? '(null)'} on localhost`, status);
    // The compiler has told the user; that it was run here is news only behind a host that failed.
    if (status !== 0 && andReturn) log.error(text);
    else log.info(text);
    log.info(`elapsed compilation time ${(world.seconds() - begin).toFixed(6)}s`);
    return exitStatusOf(status);
  } finally {
    lock?.release();
  }
}
