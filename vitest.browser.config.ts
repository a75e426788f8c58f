import { defineConfig } from 'vitest/config';

/** `npm run test:browser`: needs a Chromium, so it is apart from `npm test`. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.browser.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
  },
});
