import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/leaks.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // A process for each file would cost a tenth of all tests' time.
    isolate: false,
    unstubEnvs: true,
    maxWorkers: 2,
  },
});
