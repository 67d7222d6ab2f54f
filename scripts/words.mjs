// The command line of a script that takes options only.
import { parseArgs } from 'node:util';
import { fail } from './setup.mjs';

/**
 * Reads options; --help prints the usage, and an unknown word ends with the usage instead of a stack trace.
 * @template {NonNullable<import('node:util').ParseArgsConfig['options']>} Options
 * @param {string} usage
 * @param {Options} options
 */
export function readWords(usage, options) {
  if (process.argv.includes('--help')) {
    console.log(`usage: ${usage}`);
    process.exit(0);
  }
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return fail(`${error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error)}; usage: ${usage}`);
  }
}
