import { systemReason } from '../system/error-text.ts';
import { Failure } from '../basics/failure.ts';
import { exitStatus } from '../basics/exit-status.ts';

/**
 * Runs a program's main function and exits with its status. Only here an error becomes a line on stderr: a Failure
 * becomes its sentence; anything else is a bug and is shown with its stack.
 */
export async function run(
  program: string,
  main: (words: readonly string[]) => Promise<number> | number,
): Promise<void> {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    process.exitCode = error instanceof Failure ? error.status : exitStatus.general;
    const text =
      error instanceof Failure
        ? error.message
        : `${systemReason(error)}\n${String(error instanceof Error && error.stack)}`;
    process.stderr.write(`${program}: ERROR: ${text}\n`);
  }
}
