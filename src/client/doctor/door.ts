import { refusalMark } from '../../wire/refusal.ts';
import { ProtocolError } from '../../wire/reading/protocol-error.ts';
import { printable } from '../../logging/log-line.ts';
import type { NoAnswer } from '../../probe/no-answer.ts';
import type { Findings } from './findings.ts';
import type { Made, Order } from './try-compile.ts';

/** The way into one host. */
export interface Door {
  /** Opens a line, and has the host compile on it. @throws NoAnswer */
  compile(order: Order): Promise<Made>;
  /** Notes whether the host lets us in, when there is no compiler to try; false when it does not. */
  knock(findings: Findings): Promise<boolean>;
  /** Notes that the host has answered. */
  admitted(findings: Findings): void;
  /**
   * Notes why the host has not answered: the rest of its checks makes no sense for `host`, others may work for
   * `compiler`.
   */
  blame(error: NoAnswer, compiler: Compiler, findings: Findings): Promise<'host' | 'compiler'>;
  /** The round trip in ms and where the statistics page would be; undefined where neither is known. */
  readonly network: { readonly address: string; readonly port: number; readonly roundTrip: number } | undefined;
}

/** The compiler of a trial: its language, and its name as hosts get it. */
export interface Compiler {
  readonly language: string;
  readonly name: string;
}

/** The sentence with which a server of this version refuses a job; undefined when it has said something else. */
export function refusalIn({ cause }: NoAnswer): string | undefined {
  return cause instanceof ProtocolError && cause.kind === 'refused'
    ? cause.message.replace(refusalMark, '')
    : undefined;
}

/** Notes an answer that is not one of distccd's, or an answer that does not come. */
export function blameAnswer(error: NoAnswer, seconds: number, findings: Findings): void {
  const began = printable(error.came.toString('latin1').split(/[\r\n]/)[0] ?? '');
  if (error.kind === 'garbled')
    findings.wrong(
      'protocol',
      `what answers there is not distccd, or another version of it: it said "${began}": correct the port in the host list`,
    );
  else
    findings.wrong(
      'protocol',
      `no answer to a compile in ${seconds} s: all its slots may be taken, or it hangs: try again later, and look at its log and load`,
    );
}
