import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/leaks.ts'],
    // What hangs is found all the same; what is slow, on a machine that has other things to do, is no failure.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    // A process for each file would cost a tenth of all tests' time.
    isolate: false,
    unstubEnvs: true,
    maxWorkers: 2,
  },
});
