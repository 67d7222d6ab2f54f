import { agentTargets } from './agent-targets.ts';
import { optionTargets } from './option-targets.ts';
import { launcherTarget, settingsFileTarget } from './sanitized-targets.ts';
import { stateTargets } from './state-targets.ts';
import type { Target } from './target.ts';
import { wireTargets } from './wire-targets.ts';

type Maker = () => Target | Promise<Target>;

/** Every target by its name, made when it is wanted; `top` is the checkout. */
export function targetMakers(top: string): ReadonlyMap<string, Maker> {
  const plain = [...wireTargets, ...agentTargets, ...optionTargets, ...stateTargets];
  return new Map<string, Maker>([
    ...plain.map((target): [string, Maker] => [target.name, () => target]),
    ['settings-file', () => settingsFileTarget(top)],
    ['launcher', () => launcherTarget(top)],
  ]);
}
