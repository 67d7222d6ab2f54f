// A reporter for vitest: writes the errors that belong to no test, such as one of a socket that nobody listens to. They
// fail a run, but vitest's report as JSON leaves them out.
import { writeFileSync } from 'node:fs';

/** The variable that names the file: a JSON array of texts. */
export const variable = 'DISTCCD_TEST_UNHANDLED';

/**
 * An error as vitest passes it on; VITEST_* tell during which test it appeared.
 * @typedef {{ name?: string, message?: string, stack?: string, VITEST_TEST_NAME?: string, VITEST_TEST_PATH?: string }} UnhandledError
 */

/** @param {UnhandledError} error */
function textOf({ name, message, stack, VITEST_TEST_NAME: test, VITEST_TEST_PATH: path }) {
  const during = path === undefined ? '' : ` (during ${path}${test === undefined ? '' : `: ${test}`})`;
  return `${stack ?? `${name}: ${message}`}${during}`;
}

// oxlint-disable-next-line import/no-default-export -- vitest takes the default export
export default class UnhandledErrors {
  /**
   * @param {unknown} _modules
   * @param {readonly UnhandledError[]} errors
   */
  onTestRunEnd(_modules, errors) {
    const file = process.env[variable];
    if (file !== undefined) writeFileSync(file, JSON.stringify(errors.map(textOf)));
  }
}
