import { encodeBody, readBodyAfter, skipBodyAfter } from './body.ts';
import type { Grammar } from './reading/decoder.ts';
import { limits } from './limits.ts';
import { packingOf } from './packing.ts';
import { ProtocolError } from './reading/protocol-error.ts';
import { quoted } from './quoted.ts';
import { encodeText, readText, readTextBody } from './text.ts';
import { checkParameter, encodeToken, largestParameter, readAnyToken, readToken } from './token.ts';
import type { TokenName } from './token.ts';

/**
 * A file or a symbolic link that a version 3 client sends. `name` is its absolute path at the client; a link's target
 * can be any text.
 */
export type TreeEntry =
  | { readonly kind: 'file'; readonly name: string; readonly content: Buffer }
  | { readonly kind: 'link'; readonly name: string; readonly target: string };

const packing = packingOf(3);

/**
 * Encodes the files of a version 3 request: NFIL, then NAME with FILE or LINK for each (doc/protocol.md, "Version 3").
 */
export function encodeTree(files: readonly TreeEntry[]): Buffer[] {
  const entries = files.flatMap((entry) => [
    encodeText('NAME', entry.name),
    ...(entry.kind === 'file' ? encodeBody('FILE', packing, entry.content) : [encodeText('LINK', entry.target)]),
  ]);
  return [encodeToken('NFIL', files.length), ...entries];
}

/**
 * Reads the files of a version 3 request.
 * @throws ProtocolError for a path that could lead out of the job's root
 */
export function* readTree(): Grammar<readonly TreeEntry[]> {
  const count = yield* readToken('NFIL', limits.files);
  const files: TreeEntry[] = [];
  let left: number = limits.filesTotal;
  while (files.length < count) {
    const entry = yield* readEntry(left);
    left -= weightOf(entry);
    if (left < 0) {
      throw new ProtocolError(
        'too large',
        `the files of the request are larger than ${limits.filesTotal} bytes together`,
      );
    }
    files.push(entry);
  }
  return files;
}

/**
 * Reads the files of a version 3 request to their end without unpacking or storing them, and returns their number.
 * @throws ProtocolError for a path that could lead out of the job's root
 */
export function* skipTree(): Grammar<number> {
  const count = yield* readToken('NFIL', limits.files);
  let left: number = limits.filesTotal;
  for (let read = 0; read < count; read += 1) {
    yield* readPath('NAME');
    const token = yield* readAnyToken(['FILE', 'LINK'], largestParameter);
    if (token.name === 'FILE') left -= yield* skipBodyAfter(token, packing, { ceiling: Math.max(0, left) });
    else {
      checkParameter(token, limits.pathLength);
      yield* readTextBody('LINK', token.parameter);
    }
  }
  return count;
}

/** Reads an absolute path without "..", which a server can append to its own root. Nothing else is checked. */
export function* readPath(name: TokenName): Grammar<string> {
  const path = yield* readText(name, limits.pathLength);
  if (!path.startsWith('/')) {
    throw new ProtocolError('malformed', `the path of token "${name}" does not start with "/": ${quoted(path)}`);
  }
  if (path.split('/').includes('..')) {
    throw new ProtocolError('malformed', `the path of token "${name}" has ".." inside: ${quoted(path)}`);
  }
  return path;
}

function* readEntry(left: number): Grammar<TreeEntry> {
  const name = yield* readPath('NAME');
  const token = yield* readAnyToken(['FILE', 'LINK'], largestParameter);
  if (token.name === 'FILE') {
    const ceiling = Math.min(left, limits.bodyLength);
    return { kind: 'file', name, content: yield* readBodyAfter(token, packing, { ceiling }) };
  }
  checkParameter(token, limits.pathLength);
  if (token.parameter === 0) throw new ProtocolError('malformed', 'the text of token "LINK" is empty');
  return { kind: 'link', name, target: yield* readTextBody('LINK', token.parameter) };
}

/** How many bytes of the limit an entry uses. */
function weightOf(entry: TreeEntry): number {
  return entry.name.length + (entry.kind === 'file' ? entry.content.length : entry.target.length);
}
