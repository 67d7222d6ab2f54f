// Loaded into a daemon by "node --require": at each SIGUSR2 it writes a line to the file LOOP_DELAY_FILE, in milliseconds, about the time
// since the last one: how long the event loop was held at most, and in 99 of 100 looks; and the most processor time of its own
// thread in one turn, where the system tells it, in which other programs have no part.
const { appendFileSync, closeSync, openSync, readSync } = require('node:fs');
const { monitorEventLoopDelay } = require('node:perf_hooks');

const resolution = 2;
const histogram = monitorEventLoopDelay({ resolution });
const beyond = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - resolution).toFixed(1);

let descriptor;
try {
  descriptor = openSync('/proc/thread-self/schedstat', 'r');
} catch {
  // Not Linux.
}
const bytes = Buffer.alloc(100);

/** Processor time of this thread, in ns. */
function used() {
  const length = readSync(descriptor, bytes, 0, bytes.length, 0);
  return Number(bytes.toString('latin1', 0, length).split(' ')[0]);
}

let most = 0;
if (descriptor !== undefined) {
  let before = used();
  const turn = () => {
    const now = used();
    most = Math.max(most, now - before);
    before = now;
    setImmediate(turn).unref();
  };
  setInterval(() => undefined, 1 << 30).unref();
  setImmediate(turn).unref();
}

histogram.enable();
process.on('SIGUSR2', () => {
  const figures = [beyond(histogram.max), beyond(histogram.percentile(99)), (most / 1e6).toFixed(1)];
  appendFileSync(process.env.LOOP_DELAY_FILE, `${figures.join(' ')}\n`);
  histogram.reset();
  most = 0;
});
process.on('exit', () => descriptor !== undefined && closeSync(descriptor));
