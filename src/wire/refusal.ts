import { encodeBody } from './body.ts';
import { packingOf } from './packing.ts';
import type { ProtocolVersion } from './protocol-version.ts';
import { encodeToken } from './token.ts';
import { exited } from './wait-status.ts';

/** The exit status in an answer that refuses a job: distcc's "access denied". */
const refusedStatus = exited(113);

/** The beginning of the plain text of a refusal, with which no token begins. */
export const refusalMark = 'distccd: ';

/** The beginning of a sentence that refuses a compiler, not only one job. */
export const aboutCompiler = (name: string): string => `the compiler "${name}"`;

/** Whether a refusal is about this compiler. */
export const isAboutCompiler = (sentence: string, name: string): boolean => sentence.startsWith(aboutCompiler(name));

/** How many bytes of unexpected data stock clients show (doc/protocol.md, "Errors"). */
const shownBytes = 199;

/**
 * Encodes why a server that understood a request does not compile it. The answer begins as usual, with a failing status
 * and the sentence as the compiler's messages, but has plain text where SOUT is expected. Only this works with every
 * client of distcc 3.x and all its settings: it prints the text on stderr as the "error context" and continues as after
 * a closed connection, with the next host or locally. A complete answer with a failing status would end the build under
 * DISTCC_SKIP_LOCAL_RETRY or DISTCC_FALLBACK=0; a closed connection would not tell the reason.
 */
export function encodeRefusal(version: ProtocolVersion, sentence: string): Buffer[] {
  const text = Buffer.from(`${refusalMark}${sentence}\n`);
  return [
    encodeToken('DONE', version),
    encodeToken('STAT', refusedStatus),
    ...encodeBody('SERR', packingOf(version), text),
    text.subarray(0, shownBytes),
  ];
}
