/** How a process ended: by itself with an exit code, or by a signal. */
export type ProcessEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed'; readonly signal: number; readonly core: boolean };

const coreFlag = 0x80;

/** The Unix wait status of a process that exited with a code from 0 to 255 (wait(2)). */
export function exited(code: number): number {
  return (code & 0xff) << 8;
}

/** The Unix wait status of a process that a signal from 1 to 127 ended (wait(2)). */
export function killed(signal: number, core = false): number {
  return (signal & 0x7f) | (core ? coreFlag : 0);
}

/** Decodes a Unix wait status (wait(2)). */
export function readWaitStatus(status: number): ProcessEnd {
  const signal = status & 0x7f;
  if (signal === 0) return { kind: 'exited', code: (status >> 8) & 0xff };
  return { kind: 'killed', signal, core: (status & coreFlag) !== 0 };
}
