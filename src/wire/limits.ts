const mebibyte = 1024 * 1024;

/** The limits for what is read from a stranger: counts, and lengths in bytes. More is refused before it is stored. */
export const limits = {
  /**
   * Arguments of a compiler: many more than the longest commands of big builds have; their bytes have a separate limit.
   */
  arguments: 16_384,
  /** One argument: the limit of Linux (execve(2), MAX_ARG_STRLEN). */
  argumentLength: 128 * 1024,
  /** All arguments together: the limit of Linux with the usual stack size (execve(2)). */
  argumentsTotal: 2 * mebibyte,
  /** A source, an object or a listing, unpacked. */
  bodyLength: 512 * mebibyte,
  /** The path of a directory or a file, or a link's target: the longest that system calls accept (PATH_MAX). */
  pathLength: 4096,
  /** Files and links of one version 3 request: ten times the headers that the largest sources include. */
  files: 65_536,
  /**
   * All files of one version 3 request together, with their paths: as much as the same source may have when
   * preprocessed.
   */
  filesTotal: 512 * mebibyte,
} as const;
