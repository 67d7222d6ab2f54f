import { dependencyOutput } from '../../compiler/command/dependency-file.ts';
import { isClang } from '../../compiler/names/compiler-family.ts';
import { readVariable } from '../../config/client-environment.ts';
import type { Environment } from '../../config/client-environment.ts';
import type { Found } from '../headers/inputs.ts';
import { faultOfDirectory } from '../../wire/inputs/tree-job.ts';
import { compilerVariables, isLanguageVariable } from '../../wire/inputs/variables.ts';
import { OnlyHere } from '../job/faults.ts';
import type { RemoteJob } from '../job/understand.ts';
import type { Effects } from './effects.ts';

/** Variables that change what a compiler makes, and that no host is told. */
const foreign = [
  'CCC_OVERRIDE_OPTIONS',
  'COMPILER_PATH',
  'DEPENDENCIES_OUTPUT',
  'GCC_COMPARE_DEBUG',
  'GCC_EXEC_PREFIX',
  'SUNPRO_DEPENDENCIES',
];

/** NAME=value of the variables that a host's compiler is to have, in the order of their names. */
export function travellingVariables(environment: Environment): string[] {
  return Object.entries(environment)
    .filter(([name, value]) => value !== undefined && (compilerVariables.has(name) || isLanguageVariable(name)))
    .map(([name, value]) => `${name}=${value}`)
    .sort();
}

/** Options that put the name of the output into the object. */
const namesOutput = /^-(?:f|g)record-command-line$/;

/**
 * Why a job cannot be compiled by a host from its inputs, as far as its words tell: undefined when it can. The sentence
 * is read after "is preprocessed here: ".
 */
export function obstacleToInputs(job: RemoteJob): string | undefined {
  const { verdict, environment } = job;
  const preprocess = readVariable('DISTCC_PREPROCESS', environment);
  if (preprocess === 'here') return 'DISTCC_PREPROCESS=here';
  if (verdict.preprocessed) return 'it is preprocessed already';
  if (readVariable('DISTCC_SAVE_TEMPS', environment)) return 'DISTCC_SAVE_TEMPS=1 keeps preprocessed sources';
  const directory = faultOfDirectory(job.directory);
  if (directory !== undefined) return directory;
  const variable = foreign.find((name) => environment[name] !== undefined);
  if (variable !== undefined) return `the variable ${variable} is set`;
  const { words } = verdict;
  if (dependencyOutput(verdict).kind === 'elsewhere') return 'its dependency file is asked for in an unusual way';
  const recorder = isClang(words[0] ?? '') ? words.find((word) => namesOutput.test(word)) : undefined;
  return recorder === undefined ? undefined : `${recorder} puts the output's name into the object`;
}

/**
 * The inputs of a job, or why it is preprocessed here. They may have a premise, unless `looks` says that the disk is to
 * be looked at now.
 * @throws OnlyHere when an output cannot be written
 */
export async function findInputs(job: RemoteJob, looks: boolean, effects: Effects): Promise<Found> {
  const obstacle = obstacleToInputs(job);
  if (obstacle !== undefined) return { kind: 'preprocess', because: obstacle };
  effects.progress.begin('scan');
  const recalled = looks ? undefined : effects.inputs.recall(job);
  if (recalled !== undefined) return recalled;
  const outputs = effects.inputs.obstacle(job);
  effects.state.show('local', 'Preprocess', { host: 'localhost' });
  const found = await effects.inputs.find(job).catch((error: unknown): Found => ({
    kind: 'preprocess',
    because: error instanceof Error ? error.message : String(error),
  }));
  const unwritable = await outputs;
  if (unwritable !== undefined) throw new OnlyHere(unwritable);
  return found;
}
