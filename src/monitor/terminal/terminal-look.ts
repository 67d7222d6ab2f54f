import type { Environment } from '../../config/client-environment.ts';
import type { Look } from './line.ts';

/** Whether a terminal can move its cursor, which a frame in place needs. */
export function canRedraw({ TERM = '' }: Environment): boolean {
  return TERM !== '' && TERM !== 'dumb';
}

/** What a terminal shows: characters by the locale, and colours unless NO_COLOR is set (no-color.org). */
export function lookOf(environment: Environment): Look {
  const locale = ['LC_ALL', 'LC_CTYPE', 'LANG'].map((name) => environment[name] ?? '').find((value) => value !== '');
  return { unicode: /utf-?8/i.test(locale ?? ''), colours: (environment['NO_COLOR'] ?? '') === '' };
}
