import { describe, expect, it } from 'vitest';
import { namesOf } from '../../../../src/client/headers/computed-names.ts';

type Macros = Readonly<Record<string, readonly (string | undefined)[]>>;
const work = (macro: string, macros: Macros) => {
  const { headers, unbounded } = namesOf(macro, (name) => (Object.hasOwn(macros, name) ? (macros[name] ?? []) : []));
  return { names: headers.map(({ form, name }) => `${form} ${name}`), unbounded };
};

describe('namesOf()', () => {
  it('follows a macro through others, by every definition', () => {
    const macros = { A: ['B', '"a.h"'], B: ['<b.h>', 'C', 'A'], C: ['1', '"c.h" junk'] };
    expect(work('A', macros)).toEqual({ names: ['angled b.h', 'quoted c.h', 'quoted a.h'], unbounded: undefined });
  });

  it('finds nothing for a macro that nobody defines', () => {
    expect(work('A', {})).toEqual({ names: [], unbounded: undefined });
  });

  it('replaces macros inside angle brackets, and leaves them too', () => {
    const macros = { A: ['<linux/x.h>'], linux: ['1'] };
    expect(work('A', macros)).toEqual({ names: ['angled linux/x.h', 'angled 1/x.h'], unbounded: undefined });
  });

  it.each<[string, Macros]>([
    ['a macro with parameters', { A: [undefined] }],
    ['a call', { A: ['B(x)'] }],
    ['a call inside angle brackets', { A: ['<B(x).h>'], B: [undefined] }],
    ['two macros', { A: ['B C'] }],
    ['a text of the compiler', { A: ['__FILE__'] }],
    ['more than a word inside angle brackets', { A: ['<B/x.h>'], B: ['a (b)'] }],
    ['too many ways', { A: ['<B/B/B/B/B/B>'], B: ['a', 'b', 'c', 'd', 'e'] }],
    ['angle brackets that come from elsewhere', { A: ['<B'] }],
  ])('says that it cannot tell for %s', (_, macros) => {
    expect(work('A', macros).unbounded).toBeDefined();
  });
});
