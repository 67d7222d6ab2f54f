import { exitStatus } from '../basics/exit-status.ts';
import { readSearchWords, searchStatus, searchUsage } from '../config/lsdistcc-options.ts';
import { versionBlock } from '../config/version.ts';
import { listServers } from '../monitor/list-servers.ts';
import { dnsDomain } from '../system/machine/dns-domain.ts';
import { printTo } from '../system/descriptors/write-all.ts';
import { prepareLookups } from '../system/machine/name-lookup.ts';
import { run } from './run.ts';

/** The most look-ups at a time: each needs two threads. */
const mostLookups = 128;

void run('lsdistcc', async (argv) => {
  if (argv[0] === '--version') {
    process.stdout.write(`${versionBlock('lsdistcc', 'protocols 1, 2 and 3')}\n`);
    return exitStatus.ok;
  }
  const words = readSearchWords(argv);
  if (words === undefined) {
    process.stdout.write(searchUsage);
    return searchStatus.nothing;
  }
  const { d: withDomain, t: seconds, v: verbose } = words.options;
  const domain = withDomain ? dnsDomain(process.env) : '';
  if (domain === undefined) {
    process.stderr.write('lsdistcc: ERROR: this machine has no DNS domain for -d: set HOSTNAME to its full name\n');
    return searchStatus.nothing;
  }
  // Twice as many threads as names at a time: a look-up whose time is over keeps its thread for as long again.
  prepareLookups(process.env, { atOnce: Math.max(8, Math.min(2 * (words.options.o + 1), mostLookups)), seconds: 1 });
  if (seconds > 0) {
    setTimeout(() => {
      if (verbose) process.stderr.write('Timeout!\n');
      process.exit(searchStatus.found);
    }, seconds * 1000);
  }
  const status = await listServers(words, domain === '' ? '' : `.${domain}`, {
    print: (line) => {
      if (!printTo(1, `${line}\n`)) process.exit(searchStatus.found);
    },
    tell: (line) => process.stderr.write(`${line}\n`),
  });
  // Unfinished look-ups must not keep the process alive.
  process.exit(status);
});
