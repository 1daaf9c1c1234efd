import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: 'test/helpers/temporary-files.ts',
    include: ['test/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
