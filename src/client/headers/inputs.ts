/** Something on the client's disk that a compile may read, by its absolute path there, one character for each byte. */
export type Input =
  | {
      readonly kind: 'file';
      readonly path: string;
      /** As `Disk.look` gives it. */
      readonly stamp: Buffer;
      /** SHA-256 of the contents, one character for each byte: a buffer would take more memory. */
      readonly hash: string;
      /** SHA-256 of "possession" and the contents: the key by which a client proves that it has them. */
      readonly key: string;
      /** In bytes. */
      readonly size: number;
      readonly mtimeNs: bigint;
    }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'directory'; readonly path: string };

/** The compile whose inputs are asked for. */
export interface HeaderJob {
  /** As the command names it. */
  readonly source: string;
  /** The whole command, the compiler first; words in files of options are expanded already. */
  readonly argv: readonly string[];
  /** Absolute. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A question to the disk, and the answer that means that all is as it was. */
export interface Premise {
  /** As `Disk.look` takes them. */
  readonly paths: Buffer;
  /** Of the stamps (src/wire/agent/gate.ts), which would take more memory than all else that is known of a command. */
  readonly digest: Buffer;
}

/** What a compile may read, or why it has to be preprocessed here. */
export type Found =
  | {
      readonly kind: 'inputs';
      /** Sorted by path. The same array as the last time when nothing has changed. */
      readonly inputs: readonly Input[];
      /** How they were found: by the scanner alone, or by it and the compiler's own list. */
      readonly rung: 'scan' | 'list';
      /**
       * Rises when known contents or kinds have changed, or a name that was looked for in vain has come to be; a job
       * with another number than the one before needs a new generation.
       */
      readonly change: number;
      /** Why the scanner alone could not tell, and in which file. */
      readonly unbounded: string | undefined;
      /** What has to be so, and was not looked at; left out when it was. */
      readonly premise?: Premise;
    }
  | { readonly kind: 'preprocess'; readonly because: string };
