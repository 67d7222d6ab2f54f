import type { JobPhase } from '../../../agent-state/events.ts';

/** What colours mean. */
export type Shade = 'prepare' | 'send' | 'compile' | 'kept' | 'receive' | 'local' | 'fail';

/** The shade of each phase: what the developer's machine does, the network, a host, and this machine as a compiler. */
export const shadeOf: Readonly<Record<JobPhase, Shade>> = {
  queue: 'prepare',
  scan: 'prepare',
  preprocess: 'prepare',
  connect: 'send',
  send: 'send',
  compile: 'compile',
  receive: 'receive',
  local: 'local',
};

/** What each phase is called. */
export const phaseText: Readonly<Record<JobPhase, string>> = {
  queue: 'waiting',
  scan: 'finding includes',
  preprocess: 'preprocessing',
  connect: 'connecting',
  send: 'sending',
  compile: 'compiling',
  receive: 'receiving',
  local: 'compiling here',
};

/** The shades in the order of a job's life, with their meaning. */
export const legend: readonly (readonly [Shade, string])[] = [
  ['prepare', 'find includes, preprocess'],
  ['send', 'connect and send'],
  ['compile', 'compile'],
  ['kept', 'kept result'],
  ['receive', 'receive'],
  ['local', 'on this machine'],
  ['fail', 'failed'],
];

/** The colours that the page has now, as CSS texts. */
export interface Palette {
  readonly shades: Readonly<Record<Shade, string>>;
  readonly text: string;
  readonly font: string;
}

/** Reads the colours from the style sheet, which knows whether it is dark. */
export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    shades: {
      prepare: read('--prepare'),
      send: read('--send'),
      compile: read('--compile'),
      kept: read('--kept'),
      receive: read('--receive'),
      local: read('--local'),
      fail: read('--fail'),
    },
    text: read('--on-block'),
    font: style.fontFamily,
  };
}
