import { basename } from 'node:path';
import { runClient } from '../client/command-line.ts';
import type { Environment } from '../config/client-environment.ts';
import { prepareLookups } from '../system/name-lookup.ts';
import { run } from './run.ts';

/** The environment that the launcher was called with: it hides variables that would change what this program does. */
function givenBack(environment: Environment): Environment {
  const hidden = /^_DISTCC_(?=NODE_|OPENSSL_CONF$)/;
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name.replace(hidden, ''), value]));
}

/** The launcher runs this program as `distcc-node` and names first what it was called by; where there is no launcher, this is `distcc`. */
void run('distcc', (words) => {
  const script = process.argv[1] ?? 'distcc';
  // Words that begin with a dash come from somebody who calls it by hand: nothing is called so.
  const behindLauncher = basename(script) === 'distcc-node' && words[0]?.startsWith('-') === false;
  const [argv0 = script, ...rest] = behindLauncher ? words : [script, ...words];
  const environment = givenBack(process.env);
  // Not for the compilers, which get the copy. One second: a look-up that is given up still delays the end of this process.
  prepareLookups(process.env, { atOnce: 8, seconds: 1 });
  return runClient({ argv0, words: rest, environment, directory: process.cwd() });
});
