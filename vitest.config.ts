import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/{unit,architecture,integration}/**/*.test.ts'],
    // For tests that hang; a slow machine must not fail.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Integration tests start compilers and daemons: two at a time is what the smallest machine has cores for.
    maxWorkers: 2,
    reporters: ['default'],
  },
});
