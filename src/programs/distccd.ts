import { isatty } from 'node:tty';
import { readDaemonOptions } from '../config/read-daemon-options.ts';
import { residentSocket } from '../server/listen/resident-paths.ts';
import { servesStdin } from '../server/start/start-mode.ts';
import { kindOfStdin, takeStandardConnection } from '../system/descriptors/standard-descriptors.ts';
import { writeAll } from '../system/descriptors/write-all.ts';
import { run } from './run.ts';

void run('distccd', async (words) => {
  const socket = residentSocket(process.env);
  if (socket !== undefined) return serveSsh(words, socket);
  if (servesStdin(words, kindOfStdin(isatty(0)))) return serveClient(words);
  const reading = readDaemonOptions(words);
  if ('print' in reading) {
    process.stdout.write(reading.print);
    return 0;
  }
  if (reading.options['show-policy']) {
    const { describePolicy } = await import('../server/policy/describe-policy.ts');
    process.stdout.write(`${describePolicy(reading.options).join('\n')}\n`);
    return 0;
  }
  // Root who asks only for --check means the installed service.
  if (process.getuid?.() === 0 && words.every((word) => word === '--check') && reading.options.check) {
    const { checkInstalledService } = await import('../server/check-service.ts');
    const lines = checkInstalledService();
    if (lines !== undefined) {
      process.stdout.write(`${lines.join('\n')}\n`);
      return 0;
    }
  }
  await prepare(words);
  if (reading.options.check) {
    const { checkDaemon } = await import('../server/check.ts');
    process.stdout.write(`${(await checkDaemon(reading.options)).join('\n')}\n`);
    return 0;
  }
  if (reading.options['show-compilers']) {
    const { showCompilers } = await import('../server/show-compilers.ts');
    const { text, failure } = await showCompilers(reading.options);
    writeAll(1, Buffer.from(text));
    if (failure !== undefined) throw failure;
    return 0;
  }
  const { runDaemon } = await import('../server/daemon.ts');
  return runDaemon(reading.options, words);
});

/** A daemon that another process has started for the clients of sshd, with its own words. */
async function serveSsh(words: readonly string[], socket: string): Promise<number> {
  const reading = readDaemonOptions(words);
  if ('print' in reading) return 0;
  const { runResident } = await import('../server/resident.ts');
  // A connection that was not served must not keep the process alive.
  return process.exit(await runResident(reading.options, socket));
}

/** The first step as root. Wrong words are reported by the code that reads them next. */
async function prepare(words: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { prepareToServe } = await import('../server/start/drop-privileges.ts');
  prepareToServe(words);
}

async function serveClient(words: readonly string[]): Promise<number> {
  await prepare(words);
  const connection = takeStandardConnection();
  const { logFailure, runInetd } = await import('../server/inetd.ts');
  try {
    const reading = readDaemonOptions(words);
    if ('options' in reading) return await runInetd(reading.options, words, connection);
    writeAll(connection.output, Buffer.from(reading.print));
    return 0;
  } catch (error) {
    if (connection.stderrLost) logFailure(error);
    throw error;
  }
}
