// Loaded into a daemon by "node --require": at each SIGUSR2 it writes a line to the file LOOP_DELAY_FILE, in
// milliseconds, about the time since the last one: how long the event loop was held at most, and in 99 of 100 looks;
// and the most processor time of its own thread in one turn, where the system tells it, in which other programs have no
// part.
import { appendFileSync, openSync, readSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolution = 2;
const histogram = monitorEventLoopDelay({ resolution });
const beyond = (nanoseconds: number): string => Math.max(0, nanoseconds / 1e6 - resolution).toFixed(1);

/** What tells the processor time of this thread, on Linux. */
function openTimes(): number | undefined {
  try {
    return openSync('/proc/thread-self/schedstat', 'r');
  } catch {
    return undefined;
  }
}

let most = 0;

function watchTurns(times: number): void {
  const bytes = Buffer.alloc(100);
  /** Processor time in ns. */
  const used = (): number => {
    const length = readSync(times, bytes, 0, bytes.length, 0);
    return Number(bytes.toString('latin1', 0, length).split(' ')[0]);
  };
  let before = used();
  const turn = (): void => {
    const now = used();
    most = Math.max(most, now - before);
    before = now;
    setImmediate(turn).unref();
  };
  // Without anything to wait for, Node would not come to what is done at once.
  setInterval(() => undefined, 1 << 30).unref();
  setImmediate(turn).unref();
}

const times = openTimes();
if (times !== undefined) watchTurns(times);
histogram.enable();
process.on('SIGUSR2', () => {
  const figures = [beyond(histogram.max), beyond(histogram.percentile(99)), (most / 1e6).toFixed(1)];
  appendFileSync(process.env['LOOP_DELAY_FILE'] ?? '', `${figures.join(' ')}\n`);
  histogram.reset();
  most = 0;
});
