/** What tells one compiler from another: what it writes into objects, what it compiles for, and what code it makes. */
export interface Fingerprint {
  /** As it writes it into objects, such as "GCC: (Debian 12.2.0-14) 12.2.0". */
  readonly version: string;
  /** The triple of the machine that it compiles for by default. */
  readonly target: string;
  /** SHA-256 of the assembler text that it makes of `fingerprintSource`, hexadecimal. */
  readonly makes: string;
}

/**
 * A source for which compilers that were configured in different ways make different code: it shows their defaults for
 * positions (-fPIE), stack protectors, checked jumps, floating-point units and calling conventions. It is C and C++, and
 * includes nothing.
 */
export const fingerprintSource = `extern int outside(char *, long double);
extern int shared;
int calls(int n, double d) {
  char room[64];
  room[n & 63] = (char)n;
  return outside(room, d * n) + shared + n / 7;
}
double sums(const double *a, int n) {
  double s = 0;
  int i;
  for (i = 0; i < n; i++) s += a[i] * a[i + 1];
  return s;
}
long version(void) {
#if defined __cplusplus
  return __cplusplus;
#elif defined __STDC_VERSION__
  return __STDC_VERSION__;
#else
  return 0;
#endif
}
`;

/** Whether a compiler of this name is asked as one for C++. */
export const isForCxx = (compiler: string): boolean => /\+\+(?:-[\d.]+)?$/.test(compiler);

/** The words after the compiler's name that have it write that source's assembler text to its standard output. */
export const fingerprintWords = (compiler: string, file: string): readonly string[] => [
  '-S',
  '-O2',
  '-w',
  '-o',
  '-',
  '-x',
  isForCxx(compiler) ? 'c++' : 'c',
  file,
];

/** Has a gcc name its part that compiles; other compilers have one program. */
export const partWord = (compiler: string): string => `-print-prog-name=${isForCxx(compiler) ? 'cc1plus' : 'cc1'}`;

/** A version is shown to people and sent to others: one line of at most this many characters. */
const longestVersion = 200;

/** A version as it is compared and shown. */
export const cleanVersion = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, longestVersion);

/** What compilers that are known call themselves in objects; other texts there come from the source. */
export const isVersion = (text: string): boolean => /^(?:GCC: |.*\bclang\b|.*\bLLVM\b)/.test(text);

/** Blanks of one line only: a host's text may have any number of empty ones. */
const ident = /^[^\S\n]*\.ident[^\S\n]+"((?:[^"\\]|\\.)*)"/gm;

/** The versions that an assembler text names. */
export const versionsInText = (text: string): string[] =>
  [...text.matchAll(ident)].map(([, version = '']) => cleanVersion(version)).filter(isVersion);

/** What an assembler text of `fingerprintSource` tells; undefined when it is not one. The names of files are left out. */
export function readFingerprint(text: string): { readonly version: string; readonly code: string } | undefined {
  const [version] = [...text.matchAll(ident)].map(([, found = '']) => cleanVersion(found));
  if (version === undefined || !text.includes('sums')) return undefined;
  return { version, code: text.replaceAll(/^[^\S\n]*\.file\b.*$/gm, '') };
}
