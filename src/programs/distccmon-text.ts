import { exitStatus } from '../basics/exit-status.ts';
import { monitorUsage, monitorUsageStatus, readDelay } from '../config/monitor-options.ts';
import { versionBlock } from '../config/version.ts';
import { watchJobs } from '../monitor/watch-jobs.ts';
import { printTo } from '../system/descriptors/write-all.ts';
import { run } from './run.ts';

void run('distccmon-text', async (words) => {
  if (words[0] === '--version') {
    process.stdout.write(`${versionBlock('distccmon-text', 'protocols 1 and 2')}\n`);
    return exitStatus.ok;
  }
  const delay = readDelay(words);
  if (delay === undefined) {
    process.stderr.write(monitorUsage);
    return monitorUsageStatus;
  }
  await watchJobs({
    environment: process.env,
    delay,
    print: (text) => printTo(1, text),
    warn: (sentence) => process.stderr.write(`distccmon-text: Warning: ${sentence}\n`),
  });
  return exitStatus.ok;
});
