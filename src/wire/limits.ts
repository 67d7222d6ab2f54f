const mebibyte = 1024 * 1024;

/** The most that is read from a stranger: counts, and lengths in bytes; more is refused before it is kept. */
export const limits = {
  /**
   * Arguments of a compiler: many times the longest command lines of big builds; their bytes have a limit of their own.
   */
  arguments: 16_384,
  /** One argument: what Linux lets one be (execve(2), MAX_ARG_STRLEN). */
  argumentLength: 128 * 1024,
  /** All arguments together: what Linux lets a whole command line be under the usual stack limit (execve(2)). */
  argumentsTotal: 2 * mebibyte,
  /** A source, an object, a listing: plain, and what the peer unpacks to. */
  bodyLength: 512 * mebibyte,
  /** The path of a directory, a file or a link's target: the longest that a system call takes (PATH_MAX). */
  pathLength: 4096,
  /** Files and links of one version 3 request: ten times the headers that the largest sources include. */
  files: 65_536,
  /**
   * All files of one version 3 request together, their paths included: what the same source may be when preprocessed.
   */
  filesTotal: 512 * mebibyte,
  /** Numbers of a session of tree jobs, from 0: each stands for a path and what is there. */
  numbers: 65_536,
  /** What one tree job defines, in bytes. */
  definitionsLength: 16 * mebibyte,
  /** A list of numbers, in bytes: three for each at most. */
  numbersLength: 3 * 65_536,
  /** One file of a tree job, plain and as it is sent. */
  inputLength: 64 * mebibyte,
  /** The files that one message of a tree job brings, plain, and as they are sent. */
  inputsTotal: 512 * mebibyte,
  /** Variables of a tree job: there are about two dozen that may travel. */
  variables: 64,
  /** All variables together, in bytes. */
  variablesTotal: 128 * 1024,
  /** What a server says of itself and of a session. */
  welcomeLength: 64 * 1024,
  /** What a server offers after an answer. */
  capsLength: 4096,
} as const;
