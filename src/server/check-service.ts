import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { daemonOptions } from '../config/daemon-options.ts';
import { ignoredText, readDaemonOptions } from '../config/read-daemon-options.ts';
import type { DaemonOptions } from '../config/daemon-options.ts';
import { findAccount } from '../system/accounts/accounts.ts';
import { descriptorLimit } from '../system/descriptors/descriptor-limit.ts';
import { lacksByFence } from '../system/fence/tree-roots.ts';
import { describeReaders, readAccess, readReaders } from './start/read-access.ts';
import { describeCapacity, planCapacity, usualShare } from './limits/capacity.ts';
import { describeOptions } from './check.ts';
import { listCompilers } from './start/list-compilers.ts';
import type { Notices } from './log/startup-notices.ts';
import { readRules } from './start/read-rules.ts';
import { fenceByOptions } from './start/assemble-service.ts';
import { contentsIn, describePlace, describeTrees, lacksByOptions } from './start/open-trees.ts';
import { hasService, isTrue, readServiceSettings, usualPlaces } from './start/service-settings.ts';
import type { ServicePlaces, ServiceSettings } from './start/service-settings.ts';

/** systemd's default PATH for services. */
const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin';

type Name = keyof typeof daemonOptions;

/**
 * Options that the service gets from elsewhere. In its settings they have no effect, or (`fails`) keep it from
 * starting.
 */
const impossible: readonly { readonly name: Name; readonly fails?: true; readonly instead: string }[] = [
  { name: 'port', instead: 'PORT in /etc/default/distccd is the port' },
  { name: 'listen', instead: 'LISTENER in /etc/default/distccd has the addresses' },
  { name: 'nice', instead: 'NICE in /etc/default/distccd is the priority' },
  { name: 'user', instead: 'User= in "systemctl edit distccd.service" is the account' },
  { name: 'log-file', instead: 'the service logs to the journal' },
  { name: 'zeroconf', instead: 'ZEROCONF="true" in /etc/default/distccd announces it' },
  { name: 'oom-score-adj', instead: 'OOMScoreAdjust= in "systemctl edit distccd.service" is for that' },
  { name: 'stats', fails: true, instead: 'STATS="true" in /etc/default/distccd opens its port' },
  { name: 'stats-port', instead: '"systemctl edit distccd-stats.socket" has the port' },
  { name: 'stats-listen', instead: '"systemctl edit distccd-stats.socket" has the addresses' },
  { name: 'pid-file', fails: true, instead: '"systemctl show -P MainPID distccd" has the number' },
  { name: 'check', fails: true, instead: 'it starts no daemon' },
  { name: 'show-policy', fails: true, instead: 'it starts no daemon' },
  { name: 'show-compilers', fails: true, instead: 'it starts no daemon' },
];

/** The settings that become options of distccd. */
const settings: ReadonlyMap<string, string> = new Map([
  ['allow', 'ALLOWEDNETS'],
  ['jobs', 'JOBS'],
  ['nice', 'NICE'],
  ['permit-option', 'PERMIT_OPTIONS'],
]);

/**
 * Checks the installed service of the Debian package; undefined where it is not installed or systemd does not run.
 * @throws Failure as below
 */
export const checkInstalledService = (): string[] | undefined => (hasService() ? checkService(usualPlaces) : undefined);

/**
 * Describes, line by line, what a restart of the service would serve. It reads the settings, the units and their
 * drop-ins, and changes nothing. What can only be found out in the daemon's sandbox and account, the daemon logs when
 * it starts.
 * @throws Failure with the sentence of what cannot work
 */
export function checkService(places: ServicePlaces): string[] {
  const notices: Notices = [];
  const found = readServiceSettings(places, notices);
  const options = readWords(found, notices);
  const account = accountOf(found);
  const serves = [
    ...placesOf(found).map((place) => `serves: ${place}`),
    ...(found.accept ? ['to each client: a process of its own'] : []),
  ];
  const files = [...new Set([...found.socket.files, ...found.service.files])];
  const rest = [
    `settings: ${found.inForce ? 'in force' : 'in force after "systemctl restart distccd", all but addresses and ports also after "systemctl reload distccd"'}`,
    ...drops(files).map((file) => `drop-in: ${file}`),
  ];
  const jobs = options === undefined ? [] : describeJobs(found, options, account, notices);
  return [...serves, ...jobs, ...rest, ...notices.map((notice) => `warning: ${notice}`)];
}

/** Drop-ins of an administrator. */
const drops = (files: readonly string[]): string[] => files.filter((file) => /^\/(?:etc|run)\/.*\.conf$/.test(file));

/** The account of the service. */
function accountOf({ name, service }: ServiceSettings): string {
  const account = service.values('Service', 'User').at(-1) ?? 'root';
  if (account === 'root' || account === '0') {
    throw new Failure(
      exitStatus.privileges,
      `will not serve jobs as root: name another account with User= in "systemctl edit ${name}"`,
    );
  }
  if (findAccount(account) !== undefined) return account;
  throw new Failure(exitStatus.privileges, `there is no account "${account}", which User= of ${name} names`);
}

/** The addresses of the sockets, and those of the sockets for counters. */
function placesOf({ socket, stats, accept }: ServiceSettings): string[] {
  const streams = socket.values('Socket', 'ListenStream').map((stream) => stream.replaceAll('%%', '%'));
  const places = streams.map((stream) => (/^\d+$/.test(stream) ? `port ${stream} of every address` : stream));
  const counters = accept ? [] : (stats?.values('Socket', 'ListenStream') ?? []);
  return [...places, ...counters.map((stream) => `counters, on ${stream}`)];
}

/** Throws an error about an option again, with the place that the option comes from in front. */
function blame(error: unknown, { origin }: ServiceSettings, option?: string): never {
  if (!(error instanceof Failure)) throw error;
  const name = option ?? /^--([\w-]+)/.exec(error.message)?.[1] ?? '';
  const setting = settings.get(name);
  const source = origin ?? `${setting === undefined ? '' : `${setting} or `}DISTCCD_OPTIONS in /etc/default`;
  throw new Failure(error.status, `${source}: ${error.message}`, { cause: error });
}

function readWords(found: ServiceSettings, notices: Notices): DaemonOptions | undefined {
  if (found.words === undefined) {
    notices.push(`ExecStart= of ${found.name} runs another program than distccd: nothing is known of it`);
    return undefined;
  }
  try {
    const reading = readDaemonOptions(found.words);
    if ('options' in reading) return reading.options;
  } catch (error) {
    blame(error, found);
  }
  return blame(new Failure(exitStatus.badArguments, '--help and --version start no daemon: leave them out'), found);
}

/** Notes options that have no effect, and fails for those that keep the service from starting. */
function judgeOptions(found: ServiceSettings, options: DaemonOptions, notices: Notices): void {
  const ignored = ignoredText(options);
  if (ignored !== undefined) notices.push(ignored);
  for (const { name, fails, instead } of impossible) {
    // The unit itself passes this value.
    const usual = name === 'nice' ? 0 : daemonOptions[name].initial;
    if (JSON.stringify(options[name]) === JSON.stringify(usual)) continue;
    if (name === 'stats' && found.stats !== undefined) continue;
    if (fails)
      blame(new Failure(exitStatus.badArguments, `--${name} cannot work in the service: ${instead}`), found, name);
    notices.push(`--${name} has no effect in the service: ${instead}`);
  }
  if (found.accept && found.stats !== undefined) {
    notices.push('STATS has no effect with Accept=yes: no process lives long enough to count');
  }
}

/** Whether the service can see a path in the root directory of its unit. */
function sees({ service }: ServiceSettings, path: string): boolean {
  const root = service.values('Service', 'RootDirectory').at(-1) ?? '';
  if (root === '' || root === '/') return true;
  const bound = ['BindReadOnlyPaths', 'BindPaths'].flatMap((name) => service.values('Service', name));
  const shown = bound.flatMap((value) => value.split(/\s+/)).map((word) => word.replace(/^-/, '').split(':'));
  return shown.some(([from = '', to = from]) => from === to && (path === to || path.startsWith(`${to}/`)));
}

const showIt = (name: string, path: string): string => `BindReadOnlyPaths=${path} in "systemctl edit ${name}" shows it`;

function describeJobs(found: ServiceSettings, all: DaemonOptions, account: string, notices: Notices): string[] {
  judgeOptions(found, all, notices);
  for (const name of ['allow', 'stats-allow'] as const) {
    for (const entry of all[name]) {
      if (!entry.startsWith('@') || sees(found, entry.slice(1))) continue;
      const sentence = `the service does not see "${entry.slice(1)}": ${showIt(found.name, entry.slice(1))}`;
      blame(new Failure(exitStatus.badArguments, sentence), found, name);
    }
  }
  const masks = all['masquerade-dir'].filter((dir) => {
    if (sees(found, dir)) return true;
    notices.push(`the service does not see the masquerade directory "${dir}": ${showIt(found.name, dir)}`);
    return false;
  });
  const options = { ...all, 'masquerade-dir': masks };
  const environment = { PATH: usualPath, ...found.environment };
  const access = tryTo(() => readAccess(options, notices), found, 'allow');
  const readers = tryTo(() => readReaders(options, notices), found, 'stats-allow') ?? access;
  const rules = readRules(options, environment, notices);
  const nice = found.service.values('Service', 'Nice').at(-1) ?? '0';
  const most = found.socket.values('Socket', 'MaxConnections').at(-1) ?? '64';
  return [
    `to: ${access.networks.join(', ')}`,
    ...(found.stats === undefined || found.accept ? [] : [describeReaders(readers)]),
    `as: ${account}`,
    `compilers: ${listCompilers(options, rules.compilers, environment)}`,
    `options: ${describeOptions(options)}`,
    `at a time: ${found.accept ? most : rules.jobs}`,
    `priority: ${nice} lower than usual`,
    `memory: ${describeCapacity(planCapacity(options['max-memory'] ?? usualShare(), descriptorLimit()))}`,
    describeTrees(findTrees(found, options)),
    `log: the journal, ${options['log-level']} and worse`,
  ];
}

/** Whether the service compiles clients' own files, as far as its options and its unit tell. */
function findTrees({ name, service }: ServiceSettings, options: DaemonOptions): { says: string } | { lacks: string } {
  const refused = lacksByOptions(options);
  if (refused !== undefined) return { lacks: refused };
  const fence = fenceByOptions(options);
  if (fence !== undefined) return { lacks: lacksByFence(fence) };
  if (isTrue(service.values('Service', 'RestrictNamespaces').at(-1))) {
    return { lacks: `jobs have no roots of their own here: RestrictNamespaces=yes in ${name}` };
  }
  const [cache = ''] = (service.values('Service', 'CacheDirectory').at(-1) ?? '').split(/[\s:]/);
  const [place, isLasting] = cache === '' ? ['/tmp', false] : [contentsIn(`/var/cache/${cache}`), true];
  return { says: describePlace(place, isLasting, options) };
}

/** Reads what an option says, which is blamed when that fails. */
function tryTo<T>(read: () => T, found: ServiceSettings, option: string): T {
  try {
    return read();
  } catch (error) {
    return blame(error, found, option);
  }
}
