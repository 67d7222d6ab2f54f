import { spawnSync } from 'node:child_process';
import { copyFileSync, lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { layTree } from '../../src/system/fence/mount-points.ts';

/** Makes a server's tree of what a client declares; here client and server are one machine. */
export class ClientTree {
  readonly path: string;
  readonly #laid = new Set<string>();

  constructor(path: string) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    layTree(path);
  }

  /** Lays what is at a path, and the links and directories on the way; a directory without what is in it. */
  add(path: string): void {
    const waiting = path.split('/').reverse();
    let real = '';
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        real = dirname(real);
        if (real === '/') real = '';
        continue;
      }
      const here = `${real}/${name}`;
      const about = lstatSync(here);
      if (about.isSymbolicLink()) {
        const text = readlinkSync(here);
        if (!this.#laid.has(here)) symlinkSync(text, join(this.path, here));
        if (text.startsWith('/')) real = '';
        waiting.push(...text.split('/').reverse());
      } else {
        const place = join(this.path, here);
        if (about.isDirectory()) mkdirSync(place, { recursive: true });
        else if (!this.#laid.has(here)) {
          copyFileSync(here, place);
          utimesSync(place, about.atime, about.mtime);
        }
        real = here;
      }
      this.#laid.add(here);
    }
  }

  /** Lays a directory with all that is in it. */
  addAll(directory: string): void {
    this.add(directory);
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) this.addAll(path);
      else this.add(path);
    }
  }

  /**
   * Lays what a compile reads: the files that the compiler names for `-M`, and the directories in which it looks for
   * headers. Errors of the source are left to the compile.
   */
  addInputs(argv: readonly string[], directory: string): void {
    const [compiler = '', ...words] = argv;
    const run = (...more: string[]): { stdout: string; stderr: string } =>
      spawnSync(compiler, [...words, ...more], { cwd: directory, encoding: 'utf8', maxBuffer: 1 << 26 });
    this.add(directory);
    const absolute = (path: string): string => (path.startsWith('/') ? path : `${directory}/${path}`);
    const rule = run('-M', '-MT', 'x', '-w', '-Wno-error').stdout.replaceAll('\\\n', ' ');
    for (const path of rule.replace(/^x:/, '').split(/\s+/)) if (path !== '') this.add(absolute(path));
    const said = run('-E', '-v', '-o', '/dev/null').stderr;
    const chain = /#include .*starts here:\n([^]*?)End of search list/.exec(said)?.[1] ?? '';
    for (const [, path = ''] of chain.matchAll(/^ (\S+)$/gm)) this.add(absolute(path));
  }
}
