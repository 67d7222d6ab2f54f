import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where programs of the system are, besides PATH: an account without administration may not have these on it. */
const systemFolders = ['/usr/sbin', '/sbin', '/usr/local/sbin'];

/** Whether a program is there, by its name or by its path. */
export function isInstalled(program: string): boolean {
  const folders = program.startsWith('/') ? ['/'] : [...(process.env['PATH'] ?? '').split(':'), ...systemFolders];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Whether a program is there that a test needs, by its name or by its path. If not, it says which Debian package would
 * bring it, and the test skips itself; with DISTCCD_TEST_NO_SKIP=1 it throws instead, so that a machine that is meant
 * to run everything cannot skip silently.
 */
export function needs(program: string, debianPackage: string): boolean {
  return isInstalled(program) || lack(program, debianPackage);
}

/** The same for a file that is not a program. */
export function needsFile(path: string, debianPackage: string): boolean {
  return existsSync(path) || lack(path, debianPackage);
}

function lack(what: string, debianPackage: string): false {
  const sentence = `"${what}" is missing: the Debian package "${debianPackage}" would enable this test`;
  if (process.env['DISTCCD_TEST_NO_SKIP'] === '1') throw new Error(sentence);
  process.stderr.write(`skipped: ${sentence}\n`);
  return false;
}
