import type { Definition } from '../../wire/inputs/definitions.ts';

/** What a number of a session stands for, as it is kept. Paths and link texts have one character for each byte. */
export type DeclaredInput =
  | DeclaredFile
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'directory'; readonly path: string };

export interface DeclaredFile {
  readonly kind: 'file';
  readonly path: string;
  /** SHA-256, hexadecimal. */
  readonly hash: string;
  readonly size: number;
  readonly mtimeNs: bigint;
  /** What the client sent as proof, one character for each byte; undefined as soon as it has been found right. */
  proof: string | undefined;
}

/** Takes a definition out of the message that it came in. */
export function declare(definition: Definition): DeclaredInput {
  const { kind, path } = definition;
  if (kind === 'directory') return { kind, path };
  if (kind === 'link') return { kind, path, target: definition.target };
  const { hash, size, mtimeNs, proof } = definition;
  return { kind, path, hash: hash.toString('hex'), size, mtimeNs, proof: proof.toString('latin1') };
}

/** Whether two stand for the same; times and proofs apart. */
export function isSameInput(one: DeclaredInput, other: DeclaredInput): boolean {
  if (one.kind !== other.kind || one.path !== other.path) return false;
  if (one.kind === 'link' && other.kind === 'link') return one.target === other.target;
  if (one.kind === 'file' && other.kind === 'file') return one.hash === other.hash && one.size === other.size;
  return true;
}

/** About what an input takes of memory, in bytes, with its place in a table. */
export const memoryOf = (input: DeclaredInput): number =>
  400 + input.path.length + (input.kind === 'link' ? input.target.length : 0);
