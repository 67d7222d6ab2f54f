/** A thread hears of no signal: it looks by itself whether a child has ended, as tests of mutants do. */
setInterval(() => process.emit('SIGCHLD', 'SIGCHLD'), 10).unref();
