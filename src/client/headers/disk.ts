/** `Disk.read` gives no file that is larger, in bytes. */
export const longestFile = 8 * 1024 * 1024;

/** A file as it was read: its stamp was the same before and after. */
export interface ReadFile {
  /** What lstat told, as `Disk.look` gives it. */
  readonly stamp: Buffer;
  readonly bytes: Buffer;
  /** Changed within the last 2 s, or in the future: another change may leave the stamp as it is. */
  readonly young: boolean;
}

/** How a compiler answered a question. */
export interface CompilerAnswer {
  /** Its exit status; a signal that ended it counts as 128 and more. */
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/**
 * The machine's files as a job sees them, with its groups, namespaces and limits. Paths are absolute; as texts they
 * have one character for each byte.
 */
export interface Disk {
  /**
   * Looks at paths, each with a NUL after it, in their order. Gives a stamp of 48 bytes for each, as lstat tells it:
   * links are not followed. Little endian: u32 error number or 0, u32 mode, u64 device, u64 inode, u64 size (0 for a
   * directory), i64 mtime and i64 ctime in ns. A file system whose times cannot be trusted gives EMEDIUMTYPE.
   */
  look(paths: Buffer): Promise<Buffer>;
  /**
   * Whole regular files; undefined for anything else, and for one that is too large, unreadable or changed meanwhile.
   */
  read(paths: readonly string[]): Promise<readonly (ReadFile | undefined)[]>;
  /** The targets of symbolic links; undefined for anything else. */
  readLinks(paths: readonly string[]): Promise<readonly (string | undefined)[]>;
  /** Runs a compiler in the job's directory and environment, with LC_ALL=C, and without an input. */
  ask(argv: readonly string[]): Promise<CompilerAnswer>;
}
