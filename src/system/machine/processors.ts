import os from 'node:os';

/** How many processors this process may use. */
export const processors = (): number => os.availableParallelism();

/** The default number of jobs of a server: more than processors, since some jobs wait for the disk or the network. */
export const usualJobs = (): number => processors() + 2;
