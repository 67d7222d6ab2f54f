import type { RemoteVerdict } from '../../compiler/verdict.ts';

/** A compile of a client's own files, whose words the policy has judged. */
export interface TreeCommand {
  /** The compiler on this server, absolute. */
  readonly path: string;
  /** What to call it by. */
  readonly name: string;
  /** The client's words as sent, and where source and output are in them. */
  readonly verdict: RemoteVerdict;
}
