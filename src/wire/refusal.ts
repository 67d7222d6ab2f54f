import { encodeBody } from './body.ts';
import { packingOf } from './packing.ts';
import type { ProtocolVersion } from './protocol-version.ts';
import { encodeToken } from './token.ts';
import { exited } from './wait-status.ts';

/** The exit status in an answer that refuses a job: distcc's "access denied". */
const refusedStatus = exited(113);

/** What a refusal's plain text starts with; no token does. */
export const refusalMark = 'distccd: ';

/** How a sentence begins that refuses a compiler rather than one job. */
export const aboutCompiler = (name: string): string => `the compiler "${name}"`;

/** Whether a refusal is about a compiler. */
export const isAboutCompiler = (sentence: string, name: string): boolean => sentence.startsWith(aboutCompiler(name));

/** Stock clients show this many bytes of what they did not expect (doc/protocol.md, "Errors"). */
const shownBytes = 199;

/**
 * Encodes why a server that understood a request does not compile it. The answer begins as usual, with a failing status
 * and the sentence as the compiler's messages, and then derails where SOUT is due: plain text follows. That is the one
 * answer which serves every client of distcc 3.x, whatever its settings: it prints the text on stderr as the "error
 * context", and goes on as after a closed connection, with the next host or locally. A complete answer with a failing
 * status would end a build that DISTCC_SKIP_LOCAL_RETRY or DISTCC_FALLBACK=0 leaves no other way; a closed connection
 * would say nothing.
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
