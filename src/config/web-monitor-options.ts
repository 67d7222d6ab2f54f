import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { readWholeNumber } from '../basics/whole-number.ts';
import { flag, readOptions, valued } from './options.ts';
import type { Reading } from './options.ts';
import { versionBlock } from './version.ts';

/** Every option of distccmon-web. */
export const webMonitorOptions = {
  port: valued({
    value: 'PORT',
    help: 'listen on this port of 127.0.0.1; 0 for a free one (0)',
    initial: 0,
    expects: 'a port number from 0 to 65535',
    read: (text) => readWholeNumber(text, 0, 65535),
  }),
  open: flag({ help: 'open the page in the browser, with xdg-open' }),
};

/** Reads the command line of distccmon-web. @throws Failure (status 101) */
export function readWebMonitorOptions(words: readonly string[]): Reading<typeof webMonitorOptions> {
  const reading = readOptions(
    {
      program: 'distccmon-web',
      table: webMonitorOptions,
      usage: '[options]',
      version: versionBlock('distccmon-web', 'protocols 1 and 2'),
      footer: `Serves a live picture of this account's compile jobs to a browser on this machine, and prints the address to open.`,
    },
    words,
  );
  const [other] = 'others' in reading ? reading.others : [];
  if (other !== undefined)
    throw new Failure(exitStatus.badArguments, `it takes options only, not "${other}": a port is named with --port`);
  return reading;
}
