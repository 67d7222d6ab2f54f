const paths = [
  'CPATH',
  'C_INCLUDE_PATH',
  'CPLUS_INCLUDE_PATH',
  'OBJC_INCLUDE_PATH',
  'OBJCPLUS_INCLUDE_PATH',
  'SOURCE_DATE_EPOCH',
];

/** Variables of a client by which compilers find headers, and take the time. */
export const compilerVariables: ReadonlySet<string> = new Set(paths);

/** Whether a variable names a language of messages. */
export const isLanguageVariable = (name: string): boolean => /^(?:LANG|LANGUAGE|LC_[A-Z]+)$/.test(name);
