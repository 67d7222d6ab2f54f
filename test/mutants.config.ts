import { defineConfig } from 'vitest/config';

/** For `npm run mutate`: tests that do without `npm run build`, whose programs hold no mutants. */
export default defineConfig({
  test: {
    include: ['test/unit/**/*.test.ts'],
    setupFiles: ['test/support/thread-signals.ts'],
    testTimeout: 10_000,
    hookTimeout: 3000,
    maxWorkers: 1,
    reporters: ['dot'],
  },
});
