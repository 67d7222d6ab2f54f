import type { Grammar } from '../reading/decoder.ts';
import { ProtocolError } from '../reading/protocol-error.ts';
import { readArrivingRequestAfter } from '../request.ts';
import type { ArrivedRequest } from '../request.ts';
import { largestParameter, readUnhurriedTokenOf } from '../token.ts';
import { readSession, treeVersion } from './tree-job.ts';

/** What a connection begins with: a whole request of distcc's protocol, or the session whose tree jobs follow. */
export type Opening =
  | { readonly kind: 'request'; readonly request: ArrivedRequest }
  | { readonly kind: 'session'; readonly secret: Buffer };

/** Reads what a connection begins with. @throws ProtocolError */
export function* readOpening(): Grammar<Opening> {
  const { name, parameter } = yield* readUnhurriedTokenOf(['DIST', 'TREE'], largestParameter);
  if (name === 'DIST') return { kind: 'request', request: yield* readArrivingRequestAfter(parameter) };
  if (parameter === treeVersion) return { kind: 'session', secret: yield* readSession() };
  throw new ProtocolError('version', `tree jobs have no version ${parameter}: only ${treeVersion} is known`);
}
