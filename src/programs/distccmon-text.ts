import { exitStatus } from '../basics/exit-status.ts';
import { monitorUsage, monitorUsageStatus, readMonitorWords } from '../config/monitor-options.ts';
import { versionBlock } from '../config/version.ts';
import { findJobs } from '../monitor/find-jobs.ts';
import { canRedraw } from '../monitor/terminal/terminal-look.ts';
import { watchTable } from '../monitor/terminal/watch-table.ts';
import { watchJobs } from '../monitor/watch-jobs.ts';
import { printTo } from '../system/descriptors/write-all.ts';
import { run } from './run.ts';

void run('distccmon-text', async (words) => {
  if (words[0] === '--version') {
    process.stdout.write(`${versionBlock('distccmon-text', 'protocols 1 and 2')}\n`);
    return exitStatus.ok;
  }
  const wanted = readMonitorWords(words);
  if ('wrong' in wanted) {
    const { wrong } = wanted;
    process.stderr.write(`${wrong === undefined ? '' : `distccmon-text: ERROR: ${wrong}\n`}${monitorUsage}`);
    return monitorUsageStatus;
  }
  const { once, delay } = wanted;
  const { env, stdin, stdout } = process;
  const look = findJobs(env);
  if (!once && stdout.isTTY && canRedraw(env)) {
    const input = stdin.isTTY ? stdin : undefined;
    const ending = await watchTable({ environment: env, delay, look }, { input, output: stdout });
    // Whoever started this program shall see what ended it.
    if ('signal' in ending) process.kill(process.pid, ending.signal);
    return exitStatus.ok;
  }
  await watchJobs(look, delay, {
    print: (text) => printTo(1, text),
    warn: (sentence) => process.stderr.write(`distccmon-text: Warning: ${sentence}\n`),
  });
  return exitStatus.ok;
});
