import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { clientHelp, clientVersion, isOwnOption } from '../config/client-options.ts';
import { readVariable } from '../config/client-environment.ts';
import type { OwnOptionName } from '../config/client-options.ts';
import type { Logger } from '../logging/log-line.ts';
import { writeAll } from '../system/write-all.ts';
import { compile } from './compile.ts';
import type { HostList } from './host-list.ts';
import { totalSlots } from './host-list.ts';
import { loadHosts } from './host-source.ts';
import { listenForInterruption } from './interruption.ts';
import { reportFailure } from './report-failure.ts';
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

async function printAgents(call: Call, question: 'status' | 'stop'): Promise<number> {
  const [, format, ...more] = call.words;
  const wrong = question === 'status' && format === '--json' ? more[0] : format;
  if (wrong !== undefined) return usageFault(call, `unknown word behind --agent-${question}: "${wrong}"`);
  const { askAgents, agentFolder } = await import('./agent/find-agents.ts');
  const agents = await askAgents(agentFolder(call.environment, call.directory), question);
  if (format !== undefined) print(`${JSON.stringify(agents)}\n`);
  if (question === 'stop' || format !== undefined) return exitStatus.ok;
  const { statusText } = await import('./agent/status.ts');
  print(agents.length === 0 ? 'no agent is running\n' : agents.map((status) => statusText(status)).join('\n'));
  return exitStatus.ok;
}

async function printExplanation(call: Call, log: Logger): Promise<number> {
  const { askAgents, agentFolder } = await import('./agent/find-agents.ts');
  const { explain } = await import('./explain.ts');
  const folder = readVariable('DISTCC_AGENT', call.environment)
    ? agentFolder(call.environment, call.directory)
    : undefined;
  const [status] = await askAgents(folder, 'status');
  try {
    print(explain({ ...call, words: call.words.slice(1) }, status));
    return exitStatus.ok;
  } catch (error) {
    return reportFailure(error, log);
  }
}

async function answer(option: OwnOptionName, call: Call, log: Logger): Promise<number> {
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
    case '--agent-status':
      return printAgents(call, 'status');
    case '--agent-stop':
      return printAgents(call, 'stop');
    case '--explain':
      return call.words.length === 1
        ? usageFault(call, 'missing command behind --explain')
        : printExplanation(call, log);
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
    return reportFailure(error, log);
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
