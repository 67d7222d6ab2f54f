import { lstatSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RootPlan } from './toolchain-paths.ts';

/** Where each job's folder is in its own root: `src/fence/root.h` has the same name. */
export const folderInRoot = '/.job';

/**
 * Makes the mount points of a job's root in a folder, which may have some of them already. Jobs see nothing else of the
 * folder. An existing name of another kind is left alone.
 */
export function layRoot(root: string, { shown, links }: RootPlan): void {
  mkdirSync(join(root, folderInRoot), { recursive: true, mode: 0o755 });
  mkdirSync(join(root, 'tmp'), { recursive: true, mode: 0o755 });
  for (const [path, text] of links) {
    mkdirSync(join(root, dirname(path)), { recursive: true, mode: 0o755 });
    if (lstatSync(join(root, path), { throwIfNoEntry: false }) === undefined) symlinkSync(text, join(root, path));
  }
  for (const path of shown) {
    const place = join(root, path);
    if (statSync(path).isDirectory()) mkdirSync(place, { recursive: true, mode: 0o755 });
    else if (lstatSync(place, { throwIfNoEntry: false }) === undefined) {
      mkdirSync(dirname(place), { recursive: true, mode: 0o755 });
      writeFileSync(place, '', { mode: 0o644 });
    }
  }
}
