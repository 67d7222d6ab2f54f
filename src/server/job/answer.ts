import { packingOf } from '../../wire/packing.ts';
import type { Packing } from '../../wire/packing.ts';
import type { ProtocolVersion } from '../../wire/protocol-version.ts';
import { encodeKept, encodeTreeAnswer } from '../../wire/inputs/tree-reply.ts';
import { encodeResponse } from '../../wire/response.ts';
import { encodeToken } from '../../wire/token.ts';
import type { TokenName } from '../../wire/token.ts';
import type { BudgetAccount } from '../limits/byte-budget.ts';
import { inTurns } from '../limits/in-turns.ts';
import type { Refused } from './job-end.ts';
import type { ResultFile } from './result-file.ts';

/** The compiler's exit and its output files. */
export interface Compiled {
  /** Raw wait status. */
  readonly status: number;
  readonly stderr: ResultFile;
  readonly stdout: ResultFile;
  /** Empty unless the status is 0. */
  readonly object: ResultFile;
  /** Only of a client's own files: the dependency file, which may be empty. */
  readonly dependencies?: ResultFile;
  /** Why no compiler ran, where none did. */
  readonly refused?: Refused;
  /** Whether another job has made it. */
  readonly kept?: boolean;
}

const filesOf = ({ stderr, stdout, object, dependencies }: Compiled): ResultFile[] =>
  dependencies === undefined ? [stderr, stdout, object] : [stderr, stdout, object, dependencies];

/** Answers up to this length, in bytes, are sent from memory, in one piece. */
export const smallAnswer = 256 * 1024;

/** Larger objects are not packed: that would need twice their length in memory. */
const largestToPack = 32 * 1024 * 1024;

/** How many bytes of an answer are read from its file at a time. */
const pieceLength = 256 * 1024;

/** The length of all files together, in bytes. */
export const answerLength = (compiled: Compiled): number =>
  filesOf(compiled).reduce((sum, { length }) => sum + length, 0);

/** Closes the files. */
export function closeAnswer(compiled: Compiled): void {
  for (const file of filesOf(compiled)) file.close();
}

/**
 * An answer as pieces that are ready, or as pieces that are read while it is sent; each of the latter is valid until
 * the next one is asked for.
 */
export type Answer = readonly Buffer[] | AsyncIterable<Buffer>;

/** Makes the answer from the compiler's output. Memory beyond one piece is taken from the budget. */
export function encodeAnswer(
  compiled: Compiled,
  version: ProtocolVersion,
  account: BudgetAccount,
  signal: AbortSignal,
): Answer {
  const length = answerLength(compiled);
  if (length > smallAnswer || !account.tryTake(length)) return inPieces(compiled, version, account, signal);
  const { status, stderr, stdout, object, dependencies, kept = false } = compiled;
  const response = { version, status, stderr: stderr.read(), stdout: stdout.read(), object: object.read() };
  if (dependencies === undefined) return encodeResponse(response);
  return encodeTreeAnswer({ ...response, dependencies: dependencies.read(), kept });
}

async function* inPieces(
  { status, stderr, stdout, object, dependencies, kept = false }: Compiled,
  version: ProtocolVersion,
  account: BudgetAccount,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  const packing = packingOf(version);
  const before = kept ? [encodeKept()] : [];
  yield Buffer.concat([...before, encodeToken('DONE', version), encodeToken('STAT', status)]);
  const bodies: ReadonlyArray<readonly [TokenName, ResultFile]> = [
    ['SERR', stderr],
    ['SOUT', stdout],
    ['DOTO', object],
    ...(dependencies === undefined ? [] : [['DOTD', dependencies] as const]),
  ];
  for (const [name, file] of bodies) {
    if (packing.plain || file.length === 0) {
      yield encodeToken(name, file.length);
      yield* file.pieces(pieceLength);
    } else yield* packed(name, file, { packing, account, signal });
  }
}

/** A body, packed when the budget has memory for that, otherwise stored unpacked in the packed format. */
async function* packed(
  name: TokenName,
  file: ResultFile,
  { packing, account, signal }: { packing: Packing; account: BudgetAccount; signal: AbortSignal },
): AsyncGenerator<Buffer, void, void> {
  if (file.length <= largestToPack && account.tryTake(file.length + packing.largest(file.length))) {
    const pieces = await pack(file, packing, signal);
    yield encodeToken(
      name,
      pieces.reduce((sum, { length }) => sum + length, 0),
    );
    yield* pieces;
    return;
  }
  const { before, after } = packing.store(file.length);
  yield encodeToken(name, before.length + file.length + after.length);
  yield before;
  yield* file.pieces(pieceLength);
  yield after;
}

/** Reads and packs a file, in turns with other work. */
async function pack(file: ResultFile, packing: Packing, signal: AbortSignal): Promise<Buffer[]> {
  const plain = Buffer.allocUnsafeSlow(file.length);
  let filled = 0;
  for await (const piece of file.pieces(pieceLength)) filled += piece.copy(plain, filled);
  return inTurns(packing.packInTurns(plain), signal);
}
