import { encodeArguments, readAnyArguments, readArguments } from './arguments.ts';
import { encodeBody, readBody, readPackedBodyAfter } from './body.ts';
import type { PackedBody } from './body.ts';
import type { Grammar } from './reading/decoder.ts';
import { limits } from './limits.ts';
import { packingOf } from './packing.ts';
import { ProtocolError } from './reading/protocol-error.ts';
import { encodeText } from './text.ts';
import { encodeToken, largestParameter, readUnhurriedToken } from './token.ts';
import { encodeTree, readPath, readTree, skipTree } from './tree.ts';
import type { TreeEntry } from './tree.ts';

import type { ProtocolVersion } from './protocol-version.ts';

export type { TreeEntry } from './tree.ts';

/** What a client can send before its preprocessor has finished; argv[0] is the compiler. */
export interface RequestHead {
  readonly version: 1 | 2;
  readonly argv: readonly string[];
}

/** Words that are in UTF-8, or bytes already. */
interface EncodedWords {
  readonly argv: readonly (string | Buffer)[];
}

/** A source that the client has preprocessed, and how to compile it. */
export interface PlainRequest extends RequestHead {
  readonly source: Buffer;
}

/**
 * A source and the files that it includes, as they lie below "/" at the client, and how to compile it in `directory`.
 */
export interface TreeRequest {
  readonly version: 3;
  readonly directory: string;
  readonly argv: readonly string[];
  readonly files: readonly TreeEntry[];
}

/** What a client asks a server to compile; `version` tells the two kinds apart. */
export type CompileRequest = PlainRequest | TreeRequest;

/**
 * Encodes the beginning of a version 1 or 2 request: DIST, ARGC, ARGV...; the source follows as a body of token DOTI.
 */
export function encodeRequestHead(head: Pick<RequestHead, 'version'> & EncodedWords): Buffer {
  return Buffer.concat([encodeToken('DIST', head.version), encodeArguments(head.argv)]);
}

/** Encodes a request as pieces to be written in this order (doc/protocol.md, "Request"); large ones are not copied. */
export function encodeRequest(request: CompileRequest): Buffer[] {
  if (request.version !== 3) {
    return [encodeRequestHead(request), ...encodeBody('DOTI', packingOf(request.version), request.source)];
  }
  const head = [encodeToken('DIST', 3), encodeText('CDIR', request.directory), encodeArguments(request.argv)];
  return [...head, ...encodeTree(request.files)];
}

/** Reads a request of any version, whole; throws a ProtocolError of kind 'version' for a version there is not. */
export function* readRequest(): Grammar<CompileRequest> {
  const version = knownVersion(yield* readUnhurriedToken('DIST', largestParameter));
  if (version === 3) {
    const directory = yield* readPath('CDIR');
    const argv = yield* readArguments();
    return { version, directory, argv, files: yield* readTree() };
  }
  const argv = yield* readArguments();
  return { version, argv, source: yield* readBody('DOTI', packingOf(version), { ceiling: limits.bodyLength }) };
}

/** A request of version 1 or 2 as it came: its source stays packed until somebody needs it. */
export interface ArrivedPlain extends RequestHead {
  /** Whether some argument is no UTF-8, so that `argv` is not what was sent. */
  readonly garbled: boolean;
  readonly source: PackedBody;
}

/**
 * A request as a server keeps it while it waits, in no more memory than its sender spent; of the files of version 3
 * nothing is kept.
 */
export type ArrivedRequest = ArrivedPlain | Pick<TreeRequest, 'version' | 'directory' | 'argv'>;

/** Reads a request of any version to its end, without unpacking it; throws a ProtocolError as `readRequest` does. */
export function* readArrivingRequest(): Grammar<ArrivedRequest> {
  return yield* readArrivingRequestAfter(yield* readUnhurriedToken('DIST', largestParameter));
}

/** The same after the token DIST, by its parameter. */
export function* readArrivingRequestAfter(parameter: number): Grammar<ArrivedRequest> {
  const version = knownVersion(parameter);
  if (version !== 3) return yield* readPlain(version);
  const directory = yield* readPath('CDIR');
  const argv = yield* readArguments();
  yield* skipTree();
  return { version, directory, argv };
}

function knownVersion(version: number): ProtocolVersion {
  if (version === 1 || version === 2 || version === 3) return version;
  throw new ProtocolError('version', `the protocol has no version ${version}: only 1, 2 and 3 are known`);
}

function* readPlain(version: 1 | 2): Grammar<ArrivedPlain> {
  const { argv, garbled } = yield* readAnyArguments();
  const parameter = yield* readUnhurriedToken('DOTI', largestParameter);
  const token = { name: 'DOTI', parameter } as const;
  return {
    version,
    argv,
    garbled,
    source: yield* readPackedBodyAfter(token, packingOf(version), { ceiling: limits.bodyLength }),
  };
}
