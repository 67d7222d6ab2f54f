import { readDaemonOptions } from '../config/daemon-options.ts';
import { runDaemon } from '../server/daemon.ts';
import { run } from './run.ts';

void run('distccd', (words) => {
  const reading = readDaemonOptions(words);
  if ('options' in reading) return runDaemon(reading.options, words);
  process.stdout.write(reading.print);
  return 0;
});
