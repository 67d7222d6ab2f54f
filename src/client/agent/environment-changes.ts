import type { Environment } from '../../config/client-environment.ts';

/** The last differences found, by the changed environment: jobs of one build have the same. */
const foundChanges = new WeakMap<Environment, { readonly before: Environment; readonly changes: readonly string[] }>();

/** How one environment differs from another: NAME=value, or just NAME for a variable that was removed. */
export function changesOf(before: Environment, after: Environment): readonly string[] {
  const last = foundChanges.get(after);
  if (last?.before === before) return last.changes;
  const changes: string[] = [];
  for (const [name, value] of Object.entries(after)) {
    if (value !== undefined && before[name] !== value) changes.push(`${name}=${value}`);
  }
  for (const name of Object.keys(before)) if (after[name] === undefined) changes.push(name);
  foundChanges.set(after, { before, changes });
  return changes;
}
