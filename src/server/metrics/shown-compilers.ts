import type { ServedCompiler } from '../start/list-compilers.ts';
import type { CountedService } from './stats-source.ts';

/**
 * The permitted compilers, with what is known of each: under its name, or under another name of the same program. None
 * when the list of an administrator cannot be read now.
 */
export function shownCompilers({ served, known }: Pick<CountedService, 'served' | 'known'>): readonly ServedCompiler[] {
  const facts = known?.list() ?? [];
  const byPath = new Map(facts.map((fact) => [fact.path, fact]));
  const byName = new Map(facts.map((fact) => [fact.name, fact]));
  try {
    return served().map(({ name, path }) => {
      const named = byName.get(name);
      const { version, target } = (named?.path === path ? named : byPath.get(path ?? '')) ?? {};
      return { name, path, version, target };
    });
  } catch {
    return [];
  }
}
