/**
 * A request that was understood but is not done here. The message is a sentence with cause and cure for the client's
 * user; the client then compiles elsewhere.
 */
export class Refusal extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'Refusal';
  }
}

/** A refusal because other clients need what the job has or wants: memory, a slot, a connection. */
export class Overload extends Refusal {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'Overload';
  }
}

/** The client closed the connection before it had its answer. */
export class ClientGone extends Error {
  constructor() {
    super('the client is gone');
    this.name = 'ClientGone';
  }
}

/** Made only once: many connections end with it, and a stack trace for each would cost more than sending an answer. */
export const clientGone = new ClientGone();

/** A stage of a connection took too long. */
export class Overdue extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'Overdue';
  }
}
