/**
 * Why a job is not done here although its request was understood: one sentence with the cause and the cure, which the
 * client's user reads. The client compiles elsewhere.
 */
export class Refusal extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'Refusal';
  }
}

/** The same, because others need what the job would take, or has: memory, a slot, a connection. */
export class Overload extends Refusal {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'Overload';
  }
}

/** The client closed its side before it had its answer. */
export class ClientGone extends Error {
  constructor() {
    super('the client is gone');
    this.name = 'ClientGone';
  }
}

/** Made once: every connection ends with it, and a stack trace for each would cost more than sending the answer. */
export const clientGone = new ClientGone();

/** A state of a connection lasted longer than it may. */
export class Overdue extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'Overdue';
  }
}
