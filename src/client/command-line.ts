import { exitStatus } from '../basics/exit-status.ts';
import { Failure } from '../basics/failure.ts';
import { clientHelp, clientVersion, isOwnOption } from '../config/client-options.ts';
import { readVariable } from '../config/client-environment.ts';
import type { OwnOptionName } from '../config/client-options.ts';
import type { Logger } from '../logging/log-line.ts';
import { bytesOf, byteText } from '../system/byte-text.ts';
import { printTo, writeAll } from '../system/descriptors/write-all.ts';
import type { Environment } from '../config/client-environment.ts';
import type { HostList } from './hosts/host-list.ts';
import { noHosts, totalSlots } from './hosts/host-list.ts';
import { loadHosts } from './hosts/host-source.ts';
import { reportFailure } from './job/report-failure.ts';
import { openLog } from './user-files/text-log.ts';
import type { Call } from './job/call.ts';

/** Prints a byte text; the program ends when nobody reads. */
function print(text: string): void {
  if (!printTo(1, bytesOf(text))) process.exit(exitStatus.inputOutput);
}

/** Prints a text about the host list, or another one when it cannot be read; it succeeds then too, as distcc does. */
function printHosts(call: Call, log: Logger, text: (list: HostList) => string, otherwise: string): number {
  try {
    print(text(loadHosts(call.environment)));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    log.error(error.message);
    log.critical('Failed to get host list');
    print(otherwise);
  }
  return exitStatus.ok;
}

/** How many jobs a build may have at a time. Without hosts that is one: "make -j" without a number has no limit. */
const jobsText = (list: HostList): string => `${Math.max(1, totalSlots(list))}\n`;

/** A usage error in two lines on stderr, in the usual form of Unix commands. */
function usageFault(call: Call, fault: string): number {
  writeAll(2, bytesOf(`${call.argv0}: ${fault}\nTry \`${call.argv0} --help' for more information.\n`));
  return exitStatus.badArguments;
}

async function printAgents(call: Call, question: 'status' | 'stop'): Promise<number> {
  const [, format, ...more] = call.words;
  const wrong = question === 'status' && format === '--json' ? more[0] : format;
  if (wrong !== undefined) return usageFault(call, `unknown word after --agent-${question}: "${wrong}"`);
  const { askAgents, agentFolder } = await import('../agent-state/find-agents.ts');
  const agents = await askAgents(agentFolder(call.environment, call.directory), question);
  if (format !== undefined) print(byteText(`${JSON.stringify(agents)}\n`));
  if (question === 'stop' || format !== undefined) return exitStatus.ok;
  const { statusText } = await import('../agent-state/status.ts');
  print(
    agents.length === 0 ? 'no agent is running\n' : byteText(agents.map((status) => statusText(status)).join('\n')),
  );
  return exitStatus.ok;
}

async function printSummary(call: Call, log: Logger): Promise<number> {
  const [, format, ...more] = call.words;
  const wrong = format === '--json' ? more[0] : format;
  if (wrong !== undefined) return usageFault(call, `unknown word after --summary: "${wrong}"`);
  const { lastBuild } = await import('./explain/last-build.ts');
  try {
    const build = await lastBuild(call);
    const { summaryText } = await import('../agent-state/summary-text.ts');
    print(byteText(format === undefined ? summaryText(build, Date.now()) : `${JSON.stringify(build)}\n`));
    return exitStatus.ok;
  } catch (error) {
    return reportFailure(error, log);
  }
}

async function writeTrace(call: Call, log: Logger): Promise<number> {
  const [, file, ...more] = call.words;
  if (file === undefined || file === '') return usageFault(call, '--trace needs the name of a new file');
  if (file.startsWith('-')) return usageFault(call, `--trace needs the name of a new file, not "${file}"`);
  if (more[0] !== undefined) return usageFault(call, `unknown word after --trace FILE: "${more[0]}"`);
  const { trace } = await import('./trace/trace.ts');
  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopped.abort());
  const say = (sentence: string): void => writeAll(2, Buffer.from(`distcc: ${sentence}\n`));
  try {
    await trace(call, file, { stopped: stopped.signal, say });
    return exitStatus.ok;
  } catch (error) {
    return reportFailure(error, log);
  }
}

async function printExplanation(call: Call, log: Logger): Promise<number> {
  const { askAgents, agentFolder } = await import('../agent-state/find-agents.ts');
  const { explain } = await import('./explain/explain.ts');
  const folder = readVariable('DISTCC_AGENT', call.environment)
    ? agentFolder(call.environment, call.directory)
    : undefined;
  const [status] = await askAgents(folder, 'status');
  try {
    print(await explain({ ...call, words: call.words.slice(1) }, status));
    return exitStatus.ok;
  } catch (error) {
    return reportFailure(error, log);
  }
}

async function printExamination(call: Call, log: Logger): Promise<number> {
  const { askAgents, agentFolder } = await import('../agent-state/find-agents.ts');
  const { examine } = await import('./doctor/doctor.ts');
  const words = call.words.slice(1);
  const option = words.find((word) => word.startsWith('-'));
  if (option !== undefined) return usageFault(call, `unknown word after --doctor: "${option}"`);
  if (words.includes('')) return usageFault(call, 'an empty word after --doctor: name a host');
  const folder = readVariable('DISTCC_AGENT', call.environment)
    ? agentFolder(call.environment, call.directory)
    : undefined;
  try {
    return await examine(call, { words, agents: await askAgents(folder, 'status'), print });
  } catch (error) {
    return reportFailure(error, log);
  }
}

async function printInputs(call: Call, log: Logger): Promise<number> {
  const { listInputs } = await import('./explain/explain.ts');
  try {
    const listed = await listInputs({ ...call, words: call.words.slice(1) });
    if ('lines' in listed) {
      print(listed.lines.join(''));
      return exitStatus.ok;
    }
    log.error(`no host gets the files of this command: ${listed.because}`);
    return exitStatus.general;
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
      return printHosts(call, log, ({ hosts }) => hosts.map(({ definition }) => `${definition}\n`).join(''), '');
    case '-j':
      return printHosts(call, log, jobsText, jobsText(noHosts));
    case '--agent-status':
      return printAgents(call, 'status');
    case '--summary':
      return printSummary(call, log);
    case '--trace':
      return writeTrace(call, log);
    case '--agent-stop':
      return printAgents(call, 'stop');
    case '--explain':
      return call.words.length === 1 ? usageFault(call, '--explain needs a command') : printExplanation(call, log);
    case '--doctor':
      return printExamination(call, log);
    case '--scan-includes':
      return call.words.length === 1 ? usageFault(call, 'missing operand') : printInputs(call, log);
  }
}

/** The log for distcc's own options: on stderr, whatever DISTCC_LOG names. */
function ownLog(environment: Environment): Logger {
  const write = (descriptor: number, bytes: Buffer): void => writeAll(descriptor, bytes);
  return openLog(
    { ...environment, DISTCC_LOG: '' },
    { pid: process.pid, write, append: (_, bytes) => write(2, bytes) },
  );
}

/** Runs one of distcc's own options and returns the exit status. The texts of the call are byte texts. */
export async function answerCall(call: Call): Promise<number> {
  const [first] = call.words;
  if (first === undefined) return usageFault(call, 'missing option/operand');
  if (isOwnOption(first)) return answer(first, call, ownLog(call.environment));
  return usageFault(call, `"${first}" is for a compiler, and no compiler is run here`);
}
