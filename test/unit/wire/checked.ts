import fc from 'fast-check';
import { expect } from 'vitest';

/** Checks a property a bounded number of times, and prints the seed that repeats the run. */
export function holds<Ts extends [unknown, ...unknown[]]>(
  name: string,
  property: fc.IProperty<Ts>,
  numRuns = 100,
): void {
  const report = fc.check(property, { numRuns });
  console.log(`${name}: seed ${report.seed}`);
  expect(report.failed, fc.defaultReportMessage(report) ?? '').toBe(false);
}
