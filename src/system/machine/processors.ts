import os from 'node:os';

/** The processors that this process may use. */
export const processors = (): number => os.availableParallelism();

/** How many jobs a server does at a time unless it is told: some wait for the disk or the network. */
export const usualJobs = (): number => processors() + 2;
