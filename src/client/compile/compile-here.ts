import { baseName } from '../../compiler/names/source-name.ts';
import { resultText, exitStatusOf } from '../job/result-text.ts';
import { unlessInterrupted } from '../job/faults.ts';
import type { LocalWork, Slot } from '../slots/slots.ts';
import type { Reason } from '../../compiler/verdict.ts';
import type { Command } from '../job/call.ts';
import type { Effects } from './effects.ts';

/** A command that is run on this machine, and why it is. */
export interface HereCommand extends Command, Reason {
  /** The source's name for the log and for monitors. */
  readonly name: string | undefined;
}

/** How the command gets a slot of this machine. */
export type SlotHere =
  /** It needs none: another distcc, which called this one, holds it. */
  | { readonly kind: 'none' }
  /** It has one already. */
  | { readonly kind: 'taken'; readonly slot: Slot }
  /** It waits for the first of `slots` slots to become free. */
  | { readonly kind: 'wait'; readonly slots: number; readonly work: LocalWork };

async function takeSlot(slot: SlotHere, effects: Effects): Promise<Slot | undefined> {
  if (slot.kind === 'taken') return slot.slot;
  if (slot.kind === 'none') return undefined;
  effects.progress.begin('queue', 'here');
  const taken = await effects.slots.takeLocal(slot.slots, slot.work);
  if (taken !== undefined) effects.state.know('local', { slot: taken.slot });
  return taken;
}

/**
 * Runs a command here and returns its exit status. The launcher becomes the command, unless the caller has something to
 * do afterwards or the log should tell how it ended: to "compare" in silence, or to "return" after a host has failed.
 */
export async function compileHere(
  command: HereCommand,
  slot: SlotHere,
  effects: Effects,
  then: 'end' | 'compare' | 'return' = 'end',
): Promise<number> {
  const { log, state, interrupted } = effects;
  effects.progress.staysHere(command);
  const taken = await takeSlot(slot, effects);
  effects.progress.begin('local');
  const begin = effects.seconds();
  try {
    log.debug(`exec on localhost: ${command.argv.join(' ')}`);
    if (slot.kind !== 'none') state.show('local', 'Compile', { host: 'localhost', file: baseName(command.name ?? '') });
    const stays = then !== 'end' || log.writes('info');
    const status = await unlessInterrupted(effects.runHere(command, stays), interrupted);
    const text = resultText(`compile ${command.name ?? '(null)'} on localhost`, status);
    // The compiler has told the user what is wrong. That it ran here is worth a line only after a host has failed.
    if (status !== 0 && then === 'return') log.error(text);
    else log.info(text);
    log.info(`elapsed compilation time ${(effects.seconds() - begin).toFixed(6)}s`);
    return exitStatusOf(status);
  } finally {
    taken?.release();
  }
}
