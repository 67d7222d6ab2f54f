import { exitStatus } from '../basics/exit-status.ts';
import { readSymlinkOptions, symlinkPlaces } from '../config/symlink-options.ts';
import { updateSymlinks } from '../masquerade/update-symlinks.ts';
import { run } from './run.ts';

void run('update-distcc-symlinks', (words) => {
  const reading = readSymlinkOptions(words, process.platform);
  if ('options' in reading) {
    const own = process.argv[1] ?? '';
    updateSymlinks(reading.options, symlinkPlaces(process.platform), own, {
      tell: (line) => process.stdout.write(`${line}\n`),
      warn: (sentence) => process.stderr.write(`update-distcc-symlinks: Warning: ${sentence}\n`),
    });
  } else {
    process.stdout.write(reading.print);
  }
  return exitStatus.ok;
});
