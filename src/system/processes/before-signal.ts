type Step = () => void;

const steps = new Set<Step>();
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function end(signal: NodeJS.Signals): void {
  for (const step of [...steps].reverse()) step();
  for (const one of signals) process.off(one, end);
  process.kill(process.pid, signal);
}

/**
 * Has something done when an interrupt ends this program, the newest step first. Steps must not wait, and must not
 * throw. Gives what takes the step back.
 */
export function beforeSignal(step: Step): () => void {
  if (steps.size === 0) for (const signal of signals) process.on(signal, end);
  steps.add(step);
  return () => {
    steps.delete(step);
    if (steps.size === 0) for (const signal of signals) process.off(signal, end);
  };
}
