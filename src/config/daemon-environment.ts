/** One variable that distccd reads for itself: `--help` and the manual page have the same ones. */
interface DaemonVariable {
  readonly help: string;
  /** What holds when it is not set, in the words of `--help`. */
  readonly initial?: string;
}

/** Every variable of distccd that an administrator may set (doc/distcc-behaviour.md, "Variables of distccd"). */
export const daemonVariables = {
  DISTCCD_PATH: { help: 'where compilers are looked for, instead of PATH' },
  PATH: { help: 'where compilers are looked for', initial: '/usr/local/bin:/usr/bin:/bin' },
  DISTCC_CMDLIST: { help: 'file with the programs that clients may run, instead of the masquerade directories' },
  DISTCC_CMDLIST_NUMWORDS: { help: 'how many last parts of a path must be the same as there', initial: '1' },
  TMPDIR: { help: "directory of the jobs' own directories", initial: '/tmp' },
} as const satisfies Readonly<Record<string, DaemonVariable>>;

/** The lines of `--help` about them. */
export function daemonVariableLines(): string[] {
  const rows: [string, DaemonVariable][] = Object.entries(daemonVariables);
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(
    ([name, { help, initial }]) => `  ${name.padEnd(width)}${help}${initial === undefined ? '' : ` (${initial})`}`,
  );
}
