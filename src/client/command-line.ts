import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { clientHelp, clientVersion, isOwnOption } from '../config/client-options.ts';
import type { OwnOptionName } from '../config/client-options.ts';
import type { Logger } from '../logging/log-line.ts';
import { writeAll } from '../system/write-all.ts';
import { compile } from './compile.ts';
import { Interrupted } from './faults.ts';
import type { HostList } from './host-list.ts';
import { totalSlots } from './host-list.ts';
import { loadHosts } from './host-source.ts';
import { listenForInterruption } from './interruption.ts';
import { openLog } from './text-log.ts';
import { thisMachine } from './this-machine.ts';
import type { Call } from './world.ts';

function print(text: string): void {
  writeAll(1, Buffer.from(text));
}

/** What the two options that show the host list print: nothing, and success, when it cannot be read, as distcc does. */
function printHosts(call: Call, log: Logger, text: (list: HostList) => string): number {
  try {
    print(text(loadHosts(call.environment)));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    log.error(error.message);
    log.critical('Failed to get host list');
  }
  return exitStatus.ok;
}

/** Two lines on stderr, as any command of the system writes them. */
function usageFault(call: Call, fault: string): number {
  writeAll(2, Buffer.from(`${call.argv0}: ${fault}\nTry \`${call.argv0} --help' for more information.\n`));
  return exitStatus.badArguments;
}

function answer(option: OwnOptionName, call: Call, log: Logger): number {
  switch (option) {
    case '--help':
      print(clientHelp());
      return exitStatus.ok;
    case '--version':
      print(`${clientVersion()}\n`);
      return exitStatus.ok;
    case '--show-hosts':
      return printHosts(call, log, ({ hosts }) => hosts.map(({ definition }) => `${definition}\n`).join(''));
    case '-j':
      return printHosts(call, log, (list) => `${totalSlots(list)}\n`);
    case '--scan-includes':
      if (call.words.length === 1) return usageFault(call, 'missing operand');
      log.error("'--scan_includes' specified, but the files mode (pump) is not supported yet");
      return exitStatus.general;
  }
}

async function compileOnce(call: Call, log: Logger): Promise<number> {
  const interruption = listenForInterruption();
  const world = thisMachine(call, log, interruption);
  try {
    return await compile(call, world);
  } catch (error) {
    if (error instanceof Interrupted) {
      log.info('terminated by a signal');
      return exitStatus.general;
    }
    if (!(error instanceof Failure)) throw error;
    if (error.status === exitStatus.recursion) log.critical(error.message);
    else log.error(error.message);
    return error.status;
  } finally {
    world.state.remove();
    interruption.die();
  }
}

/** Runs one call of `distcc`, also under a compiler's name, and gives its exit status; everything it writes is written when it ends. */
export async function runClient(call: Call): Promise<number> {
  const log = openLog(call.environment);
  const [first] = call.words;
  const ownName = /[^/]*$/.exec(call.argv0)?.[0].includes('distcc') === true;
  if (ownName && first === undefined) return usageFault(call, 'missing option/operand');
  if (ownName && first !== undefined && isOwnOption(first)) return answer(first, call, log);
  const status = await compileOnce(call, log);
  if (log.writes('info')) {
    const { user, system } = process.cpuUsage();
    const seconds = (micros: number): string => (micros / 1e6).toFixed(6);
    log.info(`exit: code ${status}; self: ${seconds(user)} user ${seconds(system)} sys`);
  }
  return status;
}
