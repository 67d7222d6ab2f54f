import { judgeAnswer } from '../compile/judge-answer.ts';
import { CompilerUnfit, TransportError } from '../job/faults.ts';
import { resultText } from '../job/result-text.ts';
import type { Findings } from './findings.ts';
import type { Made } from './try-compile.ts';
import { complaintIn } from './trial.ts';
import type { Trial } from './trial.ts';

/** The compiler's name as hosts get it. */
const nameIn = ({ argv }: Trial): string => argv[0] ?? '';

/** What the compiler of a trial calls itself; for the cure of a host that lacks it. */
const ownName = ({ version }: Trial): string => version ?? 'the one of this machine';

/** Notes what a host's compiler has made of a trial, and tells whether it is an object of this trial's kind. */
export function judgeMade(trial: Trial, { response, seconds }: Made, findings: Findings): boolean {
  const about = trial.language.name;
  const name = nameIn(trial);
  try {
    judgeAnswer(trial.job, response);
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    if (!(error instanceof CompilerUnfit)) {
      findings.wrong(about, `${error.message}: look for a full disk there, and at the server's log`);
      return false;
    }
    findings.wrong(about, `it ${error.message}: install it there, the same version as here (${ownName(trial)})`);
    return false;
  }
  if (response.status !== 0) {
    const said = complaintIn(response.stderr) ?? resultText(name, response.status);
    findings.wrong(about, `"${name}" works here and fails there: ${said}: install the same version there as here`);
    return false;
  }
  findings.well(about, `"${name}" compiles there, in ${Math.max(1, Math.round(seconds * 1000))} ms`);
  return true;
}

/** The objects that a host has made of trials. */
export type Objects = readonly {
  readonly trial: Trial;
  readonly object: Buffer;
  /** What its compiler calls itself. */
  readonly version: string | undefined;
}[];

/** Notes whether a host's compilers and their objects are those of this machine. */
export function compareObjects(objects: Objects, findings: Findings): void {
  const compared = objects.map(({ trial, object, version }) => ({
    language: trial.language.name,
    name: nameIn(trial),
    here: trial.version,
    there: version,
    same: trial.object.equals(object),
  }));
  const others = compared.filter(({ here, there }) => here !== there);
  for (const { language, name, here, there } of others) {
    const versions = `${there ?? 'a compiler that does not name itself'} there, ${here ?? 'one that does not name itself'} here`;
    findings.wrong(
      'compiler',
      `"${name}" for ${language} is another version: ${versions}: install the same version on both, or call it by a name that tells its version, such as "gcc-12"`,
    );
  }
  const known = new Set(compared.flatMap(({ here, there }) => (here === undefined || here !== there ? [] : [here])));
  if (known.size > 0) findings.well('compiler', `the same as here: ${[...known].join('; ')}`);
  const differing = compared.filter(({ same }) => !same);
  if (differing.length === 0) {
    findings.well(
      'object',
      `byte for byte the same as here, ${compared.map(({ language }) => language).join(' and ')}`,
    );
    return;
  }
  const names = differing.map(({ language }) => language).join(' and ');
  const differ = differing.length === 1 ? 'differs' : 'differ';
  if (differing.every(({ here, there }) => here !== there))
    findings.note('object', `${names} ${differ} from here, as the compilers do`);
  else
    findings.wrong(
      'object',
      `${names} ${differ} from here though the compilers have the same version: compare "${differing[0]?.name} -v" on both, and their assemblers`,
    );
}
