/** What the scanner keeps at most, and may cost. The costs in bytes are what Node's heap was seen to take. */
export const graphLimits = {
  files: 20_000,
  bytes: 64 * 1024 * 1024,
  /** Of the questions and answers that make a warm job cheap; they count besides. */
  keptBytes: 16 * 1024 * 1024,
  contexts: 64,
  lists: 64,
  macros: 4096,
  /** Commands that took too long. */
  costly: 10_000,
  nameCost: 64,
  entryCost: 320,
  factsCost: 700,
  referenceCost: 120,
  recordCost: 600,
  /** Time of the processor for one job, in ms: for what is known, and when files had to be read. */
  warmMs: 100,
  coldMs: 1000,
  /** After this long others have their turn, in ms. */
  sliceMs: 10,
  /** How often files may change under a scan. */
  attempts: 6,
  /** How many questions to the disk one scan may need. */
  rounds: 4000,
  /** How many directories of the search list are looked at in one go. */
  ahead: 8,
  /** Files read in one go. */
  reads: 64,
  links: 40,
} as const;
