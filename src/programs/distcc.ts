import { runClient } from '../client/command-line.ts';
import { run } from './run.ts';

void run('distcc', (words) =>
  runClient({ argv0: process.argv[1] ?? 'distcc', words, environment: process.env, directory: process.cwd() }),
);
