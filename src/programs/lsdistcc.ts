import { exitStatus } from '../basics/exit-status.ts';
import { readSearchWords, searchStatus, searchUsage } from '../config/lsdistcc-options.ts';
import { versionBlock } from '../config/version.ts';
import { listServers } from '../monitor/list-servers.ts';
import { dnsDomain } from '../system/dns-domain.ts';
import { printTo } from '../system/write-all.ts';
import { run } from './run.ts';

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
  // A lookup cannot be broken off, not even by the program's end: resolv.conf(5)'s own ten seconds are too long for it.
  process.env['RES_OPTIONS'] ??= 'timeout:1 attempts:2';
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
  // Names that are still being looked for must not keep it.
  process.exit(status);
});
