import { exitStatus } from '../../basics/exit-status.ts';
import type { ExitStatus } from '../../basics/exit-status.ts';
import type { Fields } from '../../logging/log-line.ts';
import { readWaitStatus } from '../../wire/wait-status.ts';
import type { RefusalReason } from '../policy/refusal.ts';

/** How a connection ended, in distcc's words (doc/distcc-behaviour.md, "Log lines"). */
export type JobClass =
  'COMPILE_OK' | 'COMPILE_ERROR' | 'COMPILE_TIMEOUT' | 'CLI_DISCONN' | 'REJ_BAD_REQ' | 'REJ_OVERLOAD' | 'OTHER';

/** The end of one connection. */
export interface JobEnd {
  readonly class: JobClass;
  /** Raw wait status of the compiler, 0 when none ran. */
  readonly status: number;
  /** distcc's internal code; 0 when the job was done. */
  readonly ret: ExitStatus;
  /**
   * Whether the client left without having sent anything of a job, as a check of an open port does, or one that has
   * another compiler.
   */
  readonly unheard?: boolean;
  /** The compiler as executed and the client's name of the source; only for COMPILE_OK and COMPILE_ERROR. */
  readonly command?: { readonly compiler: string; readonly source: string };
  /** The answer was that of an earlier compile: no compiler ran. */
  readonly kept?: true;
  /** Why it was refused, if it was. */
  readonly refused?: Refused | undefined;
}

/** Why a job was refused, in a word and in a sentence. */
export interface Refused {
  readonly reason: RefusalReason;
  readonly sentence: string;
}

/** The end of a connection without a compile. */
export function endedWithout(jobClass: JobClass, ret: ExitStatus, refused?: Refused): JobEnd {
  return { class: jobClass, status: 0, ret, refused };
}

/** The end of a compile by its wait status. */
export function endedWith(status: number, compiler: string, source: string): JobEnd {
  return {
    class: status === 0 ? 'COMPILE_OK' : 'COMPILE_ERROR',
    status,
    ret: exitStatus.ok,
    command: { compiler, source },
  };
}

interface Summary {
  readonly exit: number;
  readonly signal: number;
  readonly core: number;
}

function summarize({ status }: JobEnd): Summary {
  const end = readWaitStatus(status);
  if (end.kind === 'exited') return { exit: end.code, signal: 0, core: 0 };
  return { exit: 0, signal: end.signal, core: end.core ? 128 : 0 };
}

/** The one line about a job at level notice. Scripts read it, so it has distcc's fields. */
export function summaryLine(client: string, end: JobEnd, milliseconds: number): string {
  const { exit, signal, core } = summarize(end);
  const command = end.command === undefined ? '' : `${end.command.compiler} ${end.command.source}`;
  return `client: ${client} ${end.class} exit:${exit} sig:${signal} core:${core} ret:${end.ret} time:${Math.round(milliseconds)}ms ${command}${end.kept ? ' from kept results' : ''}`;
}

/** The same facts as fields, except the client. */
export function summaryFields(end: JobEnd, milliseconds: number): Fields {
  const { exit, signal } = summarize(end);
  const facts = { result: end.class, exit, signal, code: end.ret, milliseconds: Math.round(milliseconds) };
  return { ...facts, ...end.command, ...(end.kept && { kept: true }) };
}
