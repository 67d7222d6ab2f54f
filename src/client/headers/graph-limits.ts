/** What the scanner keeps at most, and may cost. The costs in bytes are what Node's heap was seen to take. */
export const graphLimits = {
  files: 20_000,
  bytes: 64 * 1024 * 1024,
  /** Of the questions and answers that make a warm job cheap; they count besides. */
  keptBytes: 16 * 1024 * 1024,
  /** Of directive lines of files that were read lately; they count besides too. */
  directivesLength: 2 * 1024 * 1024,
  /** Of contents that were read lately, as long as there are jobs. */
  contentsLength: 4 * 1024 * 1024,
  contexts: 64,
  lists: 64,
  macros: 4096,
  /** Names of headers that macros make, of one compile; and how long one may be. */
  computed: 4096,
  macroText: 1024,
  references: 100_000,
  /** Commands that took too long. */
  costly: 10_000,
  nameCost: 64,
  entryCost: 320,
  factsCost: 1200,
  referenceCost: 16,
  recordCost: 600,
  /** The work for one job, in ns: for what is known, and when files had to be read. */
  warmNs: 100_000_000,
  coldNs: 1_000_000_000,
  /** What a step along a path takes, a file that is read, and each byte of it. */
  stepNs: 250,
  fileNs: 40_000,
  byteNs: 12,
  /** After this long others have their turn, in ms. */
  sliceMs: 10,
  /** How often files may change under a scan. */
  attempts: 6,
  /** Questions that one job repeats because another one has learnt something meanwhile. */
  again: 4000,
  /** How many questions to the disk one scan may need. */
  rounds: 4000,
  /** How many directories of the search list are looked at in one go. */
  ahead: 8,
  /** Files read in one go. */
  reads: 64,
  links: 40,
} as const;
