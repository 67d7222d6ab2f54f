/** Why jobs and connections are refused: the closed set of reasons that are counted, and what each means. */
export const refusalReasons = {
  access_denied: 'the access list does not have the address',
  bad_request: "the request is not one of distcc's",
  client_files: 'the files that the job names cannot be shown to a compiler here',
  compiler_differs: "a file of the compiler differs from the client's",
  compiler_missing: 'the compiler is permitted and cannot be started here: as a rule it is not installed',
  compiler_not_permitted: 'the compiler is not permitted here',
  internal_error: 'a fault of this server: its log has more',
  no_disk_space: 'the temporary directory or the room for files of clients is full',
  no_memory: 'the memory for requests was used up, or another client needed it',
  no_private_root: "this compiler cannot work on the client's own files here",
  no_slot: 'no slot became free in time, or another client needed the slot',
  not_a_compile: 'the command is not a compile that can be distributed',
  not_utf8: 'a name is not UTF-8',
  option_refused: 'an option is not on the allow list',
  pump_mode: 'the client uses the pump mode of distcc',
  stopping: 'this server was stopping',
  too_many_agents: 'too many agents of clients were at work here',
  too_many_connections: 'too many connections, or another client needed the connection',
  too_slow: 'the request came too slowly',
  unusable_output: 'what the compiler wrote cannot be sent',
} as const;

/** A reason to refuse. */
export type RefusalReason = keyof typeof refusalReasons;

/**
 * A request that was understood but is not done here. The message is a sentence with cause and cure for the client's
 * user; the client then compiles elsewhere.
 */
export class Refusal extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, sentence: string) {
    super(sentence);
    this.name = 'Refusal';
    this.reason = reason;
  }
}

/** A refusal because other clients need what the job has or wants: memory, a slot, a connection. */
export class Overload extends Refusal {
  constructor(reason: RefusalReason, sentence: string) {
    super(reason, sentence);
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
