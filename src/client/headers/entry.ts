import type { Input } from './inputs.ts';
import { isKernelDirectory } from './stamp.ts';
import type { TextFacts } from './text-facts.ts';

/** What is known of a file's contents. */
export interface FileFacts extends Pick<TextFacts, 'references' | 'obstacles' | 'definitions' | 'calls'> {
  /** SHA-256 of its directives alone, one character for each byte. */
  readonly directives: string;
  /** How many of the macros whose definitions are wanted were looked for. */
  readonly searched: number;
  readonly input: Input & { readonly kind: 'file' };
}

/** What is known of the names in a directory. */
export class Names {
  readonly present = new Map<string, Entry>();
  /** Looked for in vain. */
  readonly absent = new Set<string>();
  /** Those of them that could not be looked at, as in a directory without search permission. */
  readonly denied = new Set<string>();
  /** How often the directory has changed. */
  changes = 0;
}

const nothing = Buffer.alloc(0);

/** A path on the disk in its canonical form: no link is on the way to it. */
export class Entry {
  readonly path: string;
  readonly parent: Entry | undefined;
  kind: 'unknown' | 'file' | 'directory' | 'link' | 'other' = 'unknown';
  stamp: Buffer = nothing;
  /**
   * Rises when what a compile may find here has changed: contents, a link's target, the kind; of a directory, when a
   * name that was looked for in vain came to be.
   */
  version = 0;
  /** The change that was current when a job was last told of it, or -1: hosts have it in that generation. */
  given = -1;
  /** It was looked at so soon after its change that another one may leave no trace. */
  young = false;
  /** A file's contents or a link's target have to be read again. */
  stale = false;
  /** Of a file that was read. */
  facts: FileFacts | undefined;
  /** Of a link that was read. */
  target: string | undefined;
  /** Of a directory. */
  names: Names | undefined;

  constructor(path: string, parent: Entry | undefined) {
    this.path = path;
    this.parent = parent;
  }

  /** The path of a name in this directory. */
  pathOf(name: string): string {
    return this.parent === undefined ? `/${name}` : `${this.path}/${name}`;
  }

  /** Whether a directory changes all the time, as where objects are written. */
  get busy(): boolean {
    return (this.names?.changes ?? 0) >= 6 || isKernelDirectory(this.path);
  }

  /** Whether the directory's own stamp tells that no name came to be. */
  get calm(): boolean {
    return !this.young && !this.busy;
  }
}
