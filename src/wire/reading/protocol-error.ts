/** The kinds of faults in a peer's message, which the daemon and the client answer and count differently. */
export type ProtocolFault = 'refused' | 'malformed' | 'truncated' | 'too large' | 'version' | 'compression';

/**
 * The peer sent something that is not a message of the distcc protocol. `message` is a sentence that fits after a
 * colon.
 */
export class ProtocolError extends Error {
  readonly kind: ProtocolFault;

  constructor(kind: ProtocolFault, sentence: string) {
    super(sentence);
    this.name = 'ProtocolError';
    this.kind = kind;
  }
}
