import { Failure } from '../../basics/failure.ts';
import { clientVariables, guardLevel, guardVariable, readVariable } from '../../config/client-environment.ts';
import type { Environment, Variable } from '../../config/client-environment.ts';
import { readable } from '../../system/byte-text.ts';
import type { Findings } from './findings.ts';

type Name = keyof typeof clientVariables;

const isKnown = (name: string): name is Name => Object.hasOwn(clientVariables, name);

/** Variables of other programs with such a name. */
const ofOthers = /^DISTCC_CMDLIST/;

/** Settings that make distribution worth less, and what they do. */
const costly: readonly {
  readonly name: Name;
  isSet(this: void, given: Environment): boolean;
  readonly cost: string;
}[] = [
  {
    name: 'DISTCC_AGENT',
    isSet: (given) => !readVariable('DISTCC_AGENT', given),
    cost: 'every job starts a process of its own for what the agent does, which costs 0.1 s of CPU: unset it',
  },
  {
    name: 'DISTCC_PREPROCESS',
    isSet: (given) => readVariable('DISTCC_PREPROCESS', given) === 'here',
    cost: 'this machine preprocesses every source, also for hosts that would take it as it is: unset it',
  },
  {
    name: 'DISTCC_VERIFY',
    isSet: (given) => readVariable('DISTCC_VERIFY', given),
    cost: 'what hosts compile from sources is compiled here once more: unset it after the test',
  },
  {
    name: 'DISTCC_SAVE_TEMPS',
    isSet: (given) => readVariable('DISTCC_SAVE_TEMPS', given),
    cost: 'every source is preprocessed here and its text is kept: unset it after the test',
  },
];

/** How many letters must be put in, taken out or changed to make one name of the other; more than 2 counts as 3. */
function difference(one: string, other: string): number {
  if (Math.abs(one.length - other.length) > 2) return 3;
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let at = 1; at <= one.length; at += 1) {
    const next = [at];
    for (let to = 1; to <= other.length; to += 1) {
      const changed = (row[to - 1] ?? 0) + (one[at - 1] === other[to - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1));
    }
    row = next;
  }
  return Math.min(3, row[other.length] ?? 3);
}

function checkUnknown(name: string, findings: Findings): void {
  const [near] = Object.keys(clientVariables)
    .map((known) => ({ known, letters: difference(name, known) }))
    .filter(({ letters }) => letters < 3)
    .sort((one, other) => one.letters - other.letters);
  if (near === undefined) findings.note('variables', `${name} is not a variable of distcc: it has no effect`);
  else findings.wrong('variables', `${name} is not a variable of distcc: write ${near.known}, or unset it`);
}

function checkKnown(name: Name, environment: Environment, findings: Findings): void {
  const { idle }: Variable<unknown> = clientVariables[name];
  if (idle !== undefined) {
    findings.note('variables', `${name} has no effect: ${idle}`);
    return;
  }
  try {
    readVariable(name, environment, (sentence) => findings.wrong('variables', sentence));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    findings.wrong('variables', `no job is distributed: ${error.message}`);
    return;
  }
  const known = costly.find((one) => one.name === name && one.isSet(environment));
  if (known !== undefined) findings.note('variables', `${name}=${readable(environment[name] ?? '')}: ${known.cost}`);
}

/** Checks the variables of distcc: those that stop distribution, and those that do something else than meant. */
export function checkVariables(environment: Environment, findings: Findings): void {
  if (guardLevel(environment) > 0)
    findings.wrong('variables', `${guardVariable} is set, so every job is compiled here: unset it`);
  const names = Object.keys(environment).filter(
    (name) => name.startsWith('DISTCC_') && environment[name] !== undefined && !ofOthers.test(name),
  );
  for (const name of names.sort()) {
    if (isKnown(name)) checkKnown(name, environment, findings);
    else checkUnknown(readable(name), findings);
  }
}
