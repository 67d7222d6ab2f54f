const microsecond = 1000n;
const second = 1_000_000_000n;

/** What every file system keeps as it is: up to 2038. */
const endOfTimes = 2n ** 31n * second;

/**
 * The time that a file on the disk is given when its client declares this one, in µs since 1970: more would be rounded,
 * up to another second, and Node takes times before 1970 for the present. Whatever depends on times is to ask this.
 */
export const timeOnDisk = (mtimeNs: bigint): bigint => (mtimeNs < 0n ? 0n : mtimeNs / microsecond);

/** The second of that, as compilers read it. */
export const secondOnDisk = (mtimeNs: bigint): bigint => (timeOnDisk(mtimeNs) * microsecond) / second;

/** Whether every file system keeps a time as it was declared. */
export const isKeptEverywhere = (mtimeNs: bigint): boolean => mtimeNs >= 0n && mtimeNs < endOfTimes;
