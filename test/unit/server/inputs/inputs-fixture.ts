import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { finish } from '../../../../src/basics/steps.ts';
import { proofOf } from '../../../../src/server/inputs/possession.ts';
import { planInputs } from '../../../../src/server/inputs/room.ts';
import type { InputLimits } from '../../../../src/server/inputs/room.ts';
import type { Session } from '../../../../src/server/inputs/session.ts';
import { Sessions } from '../../../../src/server/inputs/sessions.ts';
import type { SessionUser } from '../../../../src/server/inputs/sessions.ts';
import type { Overload } from '../../../../src/server/policy/refusal.ts';
import type { MachineParts } from '../../../../src/server/inputs/tree.ts';
import { openSpool } from '../../../../src/system/files/temporary-folder.ts';
import type { Spool } from '../../../../src/system/files/temporary-folder.ts';
import type { ArrivedContent } from '../../../../src/wire/inputs/contents.ts';
import type { Definition, FileDefinition } from '../../../../src/wire/inputs/definitions.ts';

const mebibyte = 1024 * 1024;
/** Nothing of this machine is seen. */
export const bare: MachineParts = { shown: [], links: new Map(), isShown: () => false };

export const hashOf = (content: string | Buffer): Buffer => createHash('sha256').update(content).digest();

/** The key by which a content is proved. */
export const keyOf = (content: string | Buffer): string =>
  createHash('sha256').update('possession').update(content).digest('binary');

/** A content as it comes from a client. */
export function arrived(number: number, content: string | Buffer, codec: 'raw' | 'deflate' = 'raw'): ArrivedContent {
  const plain = Buffer.from(content);
  return { number, codec, length: plain.length, pieces: [codec === 'raw' ? plain : zlib.deflateRawSync(plain)] };
}

/** What a client that has the content declares. */
export function fileAt(session: Session, number: number, path: string, content: string | Buffer): FileDefinition {
  const proof = proofOf(keyOf(content), session.nonce);
  const size = Buffer.byteLength(content);
  return { kind: 'file', number, path, hash: hashOf(content), size, proof, mtimeNs: 1_700_000_000_000_000_000n };
}

/** The sessions of a server in a folder of their own. */
export class InputsFixture {
  readonly top = mkdtempSync(join(tmpdir(), 'inputs-'));
  readonly spool: Spool = openSpool(this.top, 'spool-');
  now = 0;
  readonly left: unknown[] = [];

  open(change: Partial<InputLimits> = {}): Sessions {
    const limits = { ...planInputs(64 * mebibyte, 64 * mebibyte), ...change };
    const places = { contents: join(this.top, 'contents'), spool: this.spool, left: (e: unknown) => this.left.push(e) };
    return new Sessions(places, limits, () => this.now);
  }

  end(): void {
    void this.spool.remove();
    rmSync(this.top, { recursive: true, force: true });
  }
}

/** A connection without a job that runs; it notes why it is ended. */
export class PlayedUser implements SessionUser {
  readonly ends: Overload[] = [];
  works = false;

  end(reason: Overload): void {
    this.ends.push(reason);
  }
}

/** Enters a session by a number instead of a secret. */
export const enter = (sessions: Sessions, secret: number, address = '127.0.0.1', user = new PlayedUser()): Session =>
  sessions.enter(Buffer.alloc(16, secret), address, user).session;

/** One connection of a session ends. */
export function leave(sessions: Sessions, session: Session): void {
  const [user = new PlayedUser()] = session.users;
  sessions.leave(session, user);
}

/** Defines and lays what a job uses in a generation, and gives what is lacking and the tree's folder. */
export function layAll(
  session: Session,
  definitions: readonly Definition[],
  { generation = 0, parts = bare }: { readonly generation?: number; readonly parts?: MachineParts } = {},
): { readonly lacking: number[]; readonly path: string } {
  finish(session.define(definitions));
  const entered = session.enter(generation);
  const numbers = definitions.map(({ number }) => number);
  const lacking = finish(session.lay(entered, parts, numbers));
  return { lacking, path: entered.tree.path };
}

/** The same after the client has sent what was lacking. */
export async function layWith(
  sessions: Sessions,
  session: Session,
  files: Readonly<Record<string, string>>,
  more: readonly Definition[] = [],
): Promise<string> {
  const definitions = Object.entries(files).map(([path, content], at) => fileAt(session, 1000 + at, path, content));
  for (const [at, content] of Object.values(files).entries()) {
    const { hash, size } = definitions[at] ?? fileAt(session, 0, '', '');
    await sessions.store.put(arrived(1000 + at, content), { hash: hash.toString('hex'), size }, sessions.scratch);
  }
  const { lacking, path } = layAll(session, [...definitions, ...more]);
  if (lacking.length > 0) throw new Error(`lacking: ${lacking.join(', ')}`);
  return path;
}
