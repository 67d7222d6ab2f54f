import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { searchStatus } from '../config/lsdistcc-options.ts';
import type { SearchWords } from '../config/lsdistcc-options.ts';
import { findServers, numberedNames } from './find-servers.ts';
import { probeServer } from './probe-server.ts';
import { serverLine } from './server-line.ts';

/** A look-up may take this many times the patience for a name. */
const lookupTries = 5;

/** Where a search's lines go. */
export interface ListingOutput {
  print(line: string): void;
  /** Prints the lines of `-v`. */
  tell(line: string): void;
}

/** The address of a name, IPv4 if it has one; undefined when it is not found in time. */
async function resolveName(name: string, patience: number): Promise<string | undefined> {
  if (isIP(name) !== 0) return name;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    if (patience > 0) timer = setTimeout(() => resolve(undefined), patience);
  });
  const found = lookup(name, { verbatim: false }).then(
    ({ address }) => address,
    () => undefined,
  );
  try {
    return await Promise.race([found, late]);
  } finally {
    clearTimeout(timer);
  }
}

function stamp(event: string): string {
  const now = Date.now();
  return `now ${Math.floor(now / 1000)} ${now % 1000}: ${event}`;
}

/** Prints the servers that answer, each as soon as it does; `domain` is added to every name. */
export async function listServers(words: SearchWords, domain: string, output: ListingOutput): Promise<number> {
  const { options } = words;
  const tell = (event: string): void => (options.v ? output.tell(stamp(event)) : undefined);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the option takes 1, 2 and 3
  const version = options.P as 1 | 2 | 3;
  const { r: port, l: latency } = options;
  const trial = { port, version, connectMs: options.c, compileMs: options.k, compiler: options.p };
  const names = 'names' in words ? words.names : numberedNames(words.pattern);
  const found = await findServers(
    {
      names: names.map((name) => `${name}${domain}`),
      numbered: 'pattern' in words,
      gap: options.g,
      atOnce: options.o + 1,
      prefixBits: options.m,
    },
    {
      tell,
      resolve: (name) => resolveName(name, options.h * lookupTries),
      async probe(name, address) {
        if (options.c > 0) tell(`Connecting to ${name}`);
        const finding = await probeServer(address, trial, (event) => tell(`${name}: ${event}`));
        if (finding.because !== undefined) tell(`${name}: ${finding.because}`);
        if (finding.up || options.x)
          output.print(serverLine(options.n ? address : name, finding, { port, version, latency }));
      },
    },
  );
  return found > 0 ? searchStatus.found : searchStatus.nothing;
}
