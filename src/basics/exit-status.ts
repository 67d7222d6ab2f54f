/** Exit statuses that the daemon and the client share with distcc 3.x (doc/distcc-behaviour.md, "Exit statuses"). */
export const exitStatus = {
  ok: 0,
  general: 100,
  badArguments: 101,
  bindFailed: 102,
  connectFailed: 103,
  compilerCrashed: 104,
  outOfMemory: 105,
  badHostSpecification: 106,
  inputOutput: 107,
  truncated: 108,
  protocol: 109,
  compilerMissing: 110,
  recursion: 111,
  privileges: 112,
  accessDenied: 113,
  busy: 114,
  noSuchFile: 115,
  noHosts: 116,
  gone: 117,
  timeout: 118,
  authentication: 119,
} as const;

/** One of distcc's own exit statuses. */
export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];
