import { describe, expect, it } from 'vitest';
import { CATCH_UP_MS, CatchUp } from '../../../src/daemon/catch-up.js';

const APPLIED = ['oldest', 'old', 'latest'];

/** A replica with a clock that the test sets. */
function replica() {
  let time = 1_000;
  const catchUp = new CatchUp(() => time);
  return {
    catchUp,
    pass: (ms: number) => {
      time += ms;
    },
  };
}

describe('a manifest that is to be applied to a state which others apply theirs to', () => {
  it.each([
    ['was never applied', 'new', APPLIED],
    ['is the first of all', 'new', []],
    ['is the latest', 'latest', APPLIED],
  ])('is applied at once when it %s', (_title, digest, applied) => {
    expect(replica().catchUp.waitMs(digest, applied)).toBe(0);
  });

  it('waits two minutes when it was applied before the latest, and is applied then', () => {
    const { catchUp, pass } = replica();
    expect(catchUp.waitMs('old', APPLIED)).toBe(CATCH_UP_MS);
    pass(90_000);
    expect(catchUp.waitMs('old', APPLIED)).toBe(30_000);
    // Another one that is behind has a time of its own.
    expect(catchUp.waitMs('oldest', APPLIED)).toBe(CATCH_UP_MS);
    pass(CATCH_UP_MS);
    expect(catchUp.waitMs('oldest', APPLIED)).toBe(0);
  });

  it('is applied at once when the latest was here before: somebody went back', () => {
    const { catchUp } = replica();
    expect(catchUp.waitMs('latest', APPLIED)).toBe(0);
    expect(catchUp.waitMs('old', APPLIED)).toBe(0);
    const standby = replica().catchUp;
    standby.has('latest');
    expect(standby.waitMs('old', APPLIED)).toBe(0);
  });
});
