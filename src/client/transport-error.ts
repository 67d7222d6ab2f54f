/** A host could not do a job for a reason that lies in it or on the way to it; the message is one sentence for the log. */
export class TransportError extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'TransportError';
  }
}
