import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitStatus } from '../../basics/exit-status.ts';
import { Failure } from '../../basics/failure.ts';
import { systemReason } from '../../system/error-text.ts';
import { commandWords, environmentOf, readUnit, unitFolders } from '../../system/service-manager/unit-files.ts';
import type { Unit } from '../../system/service-manager/unit-files.ts';
import type { Notices } from '../log/startup-notices.ts';

/** Where the settings and units of the Debian package's service are. */
export interface ServicePlaces {
  /** The program that reads the settings and writes drop-ins for the units. */
  readonly generator: string;
  /** The folder of the settings. */
  readonly defaults: string;
  readonly folders: readonly string[];
  /** The folder of the drop-ins that are in force, one of `folders`. */
  readonly generated: string;
}

export const usualPlaces: ServicePlaces = {
  generator: '/usr/lib/systemd/system-generators/distccd-generator',
  defaults: '/etc/default',
  folders: unitFolders,
  generated: '/run/systemd/generator',
};

/** What a restart of the service would start. */
export interface ServiceSettings {
  /** The name of the service's unit. */
  readonly name: string;
  readonly socket: Unit;
  readonly service: Unit;
  /** The socket of the statistics page, if that is enabled. */
  readonly stats: Unit | undefined;
  /** Whether each client has a process of its own. */
  readonly accept: boolean;
  /** The environment variables of the unit. */
  readonly environment: Readonly<Record<string, string>>;
  /** The options of distccd; undefined when the unit runs another program. */
  readonly words: readonly string[] | undefined;
  /** In words, where an option comes from that has no setting of its own. */
  readonly origin: string | undefined;
  readonly inForce: boolean;
}

/** Whether the package's service is installed and systemd runs. */
export const hasService = (places = usualPlaces): boolean =>
  existsSync('/run/systemd/system') &&
  existsSync(places.generator) &&
  readUnit('distccd.service', places.folders) !== undefined;

/**
 * Combines the settings, the units and their drop-ins. Only the generator reads the settings; its messages are passed
 * on.
 * @throws Failure (status 101) when the settings name no address to listen on
 */
export function readServiceSettings(places: ServicePlaces, notices: Notices): ServiceSettings {
  judgeSettings(places, notices);
  const fresh = makeFolder();
  try {
    // Has the generator write drop-ins for the present settings into an empty folder, as after a restart.
    run(places.generator, [fresh, fresh, fresh, places.defaults, places.defaults, join(fresh, 'none')]);
    return assemble(places, fresh);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function makeFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'distccd-check-'));
  } catch (error) {
    const reason = `cannot use the temporary directory "${tmpdir()}": ${systemReason(error)}`;
    throw new Failure(exitStatus.inputOutput, `${reason}; set TMPDIR to one that you may write`);
  }
}

function run(program: string, words: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, { encoding: 'utf8' });
  // For settings that cannot work it exits with 1 and prints the sentence.
  if (error === undefined && (status === 0 || stdout !== '')) return stdout;
  throw new Failure(
    exitStatus.general,
    `cannot read the settings: "${program}" does not work: ${error?.message ?? stderr.trim()}`,
  );
}

function judgeSettings({ generator, defaults }: ServicePlaces, notices: Notices): void {
  for (const line of run(generator, ['--check', defaults]).split('\n')) {
    const [, kind, sentence = ''] = /^distccd: (Warning|ERROR): (.*)$/.exec(line) ?? [];
    if (kind === 'ERROR') throw new Failure(exitStatus.badArguments, sentence);
    if (kind === 'Warning') notices.push(sentence);
  }
}

/** What systemd takes for a yes. */
export const isTrue = (value: string | undefined): boolean => /^(?:1|yes|true|on)$/i.test(value ?? '');

function assemble(places: ServicePlaces, fresh: string): ServiceSettings {
  const folders = places.folders.map((folder) => (folder === places.generated ? fresh : folder));
  const socket = needUnit('distccd.socket', folders);
  const accept = isTrue(socket.values('Socket', 'Accept').at(-1));
  const name = accept ? 'distccd@.service' : 'distccd.service';
  const service = needUnit(name, folders);
  const environment = environmentOf(service);
  const command =
    service
      .values('Service', 'ExecStart')
      .at(-1)
      ?.replace(/^[-@:+!|]+/, '') ?? '';
  const words = commandWords(command, environment);
  const program = words.findIndex((word) => /(?:^|\/)distccd$/.test(word));
  const own = service.files.filter((file) => !file.startsWith(fresh) && !file.endsWith(`/${name}`));
  const wanted = folders.some((folder) =>
    namesIn(join(folder, 'distccd.socket.wants')).includes('distccd-stats.socket'),
  );
  return {
    name,
    socket,
    service,
    stats: wanted ? readUnit('distccd-stats.socket', folders) : undefined,
    accept,
    environment,
    words: program < 0 ? undefined : words.slice(program + 1),
    origin: own.find((file) => /DISTCCD_SETTINGS|ExecStart/.test(readFileSync(file, 'utf8'))),
    inForce: isSame(fresh, places.generated),
  };
}

const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

function needUnit(name: string, folders: readonly string[]): Unit {
  const unit = readUnit(name, folders);
  if (unit !== undefined) return unit;
  throw new Failure(exitStatus.general, `there is no unit "${name}", or it is masked: "systemctl unmask ${name}"`);
}

/** Whether the drop-ins in force are those of the present settings. */
function isSame(fresh: string, generated: string): boolean {
  const files = (folder: string): string[] => {
    const folders = [
      'distccd.socket.d',
      'distccd.service.d',
      'distccd@.service.d',
      'distccd.socket.wants',
      'distccd-announce.service.d',
    ];
    return folders.flatMap((name) => {
      return namesIn(join(folder, name)).map((file) => `${name}/${file}`);
    });
  };
  const text = (folder: string): string[] =>
    files(folder).map((file) => `${file}\n${file.endsWith('.conf') ? readFileSync(join(folder, file), 'utf8') : ''}`);
  return text(fresh).sort().join('\n') === text(generated).sort().join('\n');
}
