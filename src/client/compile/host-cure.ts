/** What usually helps against what a host failed for; the first pattern that fits counts. */
const cures: readonly (readonly [RegExp, string])[] = [
  [/failed to resolve|has no address/, "correct the host's name in the host list"],
  [/Connection refused/, 'start distccd there, or correct the port in the host list'],
  [/timeout while connecting/, 'correct its address, or have the firewalls on the way pass its port'],
  [/No route to host|Network is unreachable|Host is down/, 'correct its address, or mend the network'],
  [/provided no answer/, 'have distccd there allow this machine: "--allow", or ALLOWEDNETS in its settings'],
  [/no answer: ssh/, 'have ssh log in there without a password, and install distccd there'],
  [/IO timeout/, 'look what that machine does: it takes jobs and does not answer'],
  [/failed where the one here did not|has another /, 'install the same version of the compiler there'],
  [/^the compiler "|has no |cannot run it|not installed/, 'install the compiler there, and run update-distcc-symlinks'],
  [/disk space or memory/, 'give that machine more room, or fewer jobs by "/LIMIT" in the host list'],
  [/,down"/, 'remove ",down" in the host list'],
  [/with no slots/, 'give it more than 0 slots in the host list'],
];

/** What to do about a host's failure. */
export function cureOf(failure: string): string {
  const cure = cures.find(([pattern]) => pattern.test(failure))?.[1];
  const doctor = '"distcc --doctor" tries each host';
  return cure === undefined ? doctor : `${cure}; ${doctor}`;
}
