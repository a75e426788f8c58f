import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Whole-process tests start Node children: on a loaded machine that takes seconds, and time is not what they test.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    // Files of one worker share their modules: nothing in them is global, and loading them anew costs half a minute.
    isolate: false,
    // By itself it leaves one processor free, which of two is half.
    maxWorkers: availableParallelism(),
  },
});
