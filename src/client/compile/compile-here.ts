import { baseName } from '../../compiler/names/source-name.ts';
import { resultText, exitStatusOf } from '../job/result-text.ts';
import { unlessInterrupted } from '../job/faults.ts';
import type { LocalWork, Slot } from '../slots/slots.ts';
import type { Command } from '../job/call.ts';
import type { World } from './world.ts';

/** A command that is run on this machine. */
export interface HereCommand extends Command {
  /** The source's name for the log and for monitors. */
  readonly name: string | undefined;
}

/** Which slot of this machine the command takes. */
export type SlotHere =
  /** None: another distcc above us has one already. */
  | { readonly kind: 'none' }
  /** One that is ours already. */
  | { readonly kind: 'taken'; readonly slot: Slot }
  /** The first of `slots` slots that gets free. */
  | { readonly kind: 'wait'; readonly slots: number; readonly work: LocalWork };

async function takeSlot(slot: SlotHere, world: World): Promise<Slot | undefined> {
  if (slot.kind === 'taken') return slot.slot;
  if (slot.kind === 'none') return undefined;
  const taken = await world.slots.takeLocal(slot.slots, slot.work);
  if (taken !== undefined) world.state.know('local', { slot: taken.slot });
  return taken;
}

/**
 * Runs a command here and gives its exit status. Unless the caller has something to do afterwards, or the log should
 * tell how it ended, this process may become the command and never return.
 */
export async function compileHere(
  command: HereCommand,
  slot: SlotHere,
  world: World,
  andReturn = false,
): Promise<number> {
  const { log, state, interrupted } = world;
  const taken = await takeSlot(slot, world);
  const begin = world.seconds();
  try {
    log.debug(`exec on localhost: ${command.argv.join(' ')}`);
    if (slot.kind !== 'none') state.show('local', 'Compile', { host: 'localhost', file: baseName(command.name ?? '') });
    const stays = andReturn || log.writes('info');
    const status = await unlessInterrupted(world.runHere(command, stays), interrupted);
    const text = resultText(`compile ${command.name ?? '(null)'} on localhost`, status);
    // The compiler has told the user; that it was run here is news only after a host that failed.
    if (status !== 0 && andReturn) log.error(text);
    else log.info(text);
    log.info(`elapsed compilation time ${(world.seconds() - begin).toFixed(6)}s`);
    return exitStatusOf(status);
  } finally {
    taken?.release();
  }
}
