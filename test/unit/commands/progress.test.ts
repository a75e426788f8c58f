import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { progressReporter } from '../../../src/commands/progress.js';

/** What shows of some work, on a terminal or in the log. */
function shown(isTTY: boolean, work: (progress: ReturnType<typeof progressReporter>) => void, alone = true) {
  const [written, logged]: [string[], unknown[]] = [[], []];
  const log = pino({ base: null, timestamp: false }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  const sink = { isTTY, write: (text: string) => void written.push(text), offer: () => {} };
  // Each look at the clock is a second later.
  let seconds = 0;
  const now = () => {
    seconds += 1;
    return seconds * 1_000;
  };
  work(progressReporter(sink, log, { alone, now }));
  return { written: written.join(''), logged };
}

describe('progress', () => {
  it('is a line that is rewritten on a terminal, and gone at the end', () => {
    const { written, logged } = shown(true, (progress) => {
      progress.update(1, 200, 'applying');
      progress.update(2, 200, 'applying');
      progress.update(3, 200, 'applying');
      progress.end();
    });
    expect(written).toBe('\r\u001b[Kapplying: 2 of 200 (1 %), about 99 s left\r\u001b[K');
    expect(logged).toEqual([]);
  });

  it('is a log line at every tenth elsewhere, and where others would rewrite it', () => {
    const work = (progress: ReturnType<typeof progressReporter>) => {
      for (let done = 1; done <= 100; done += 1) progress.update(done, 100, 'applying');
    };
    const tenths = Array.from({ length: 10 }, (_, n) => expect.objectContaining({ done: (n + 1) * 10, total: 100 }));
    expect(shown(false, work)).toEqual({ written: '', logged: tenths });
    expect(shown(true, work, false)).toEqual({ written: '', logged: tenths });
  });

  it('begins anew with other work', () => {
    const { logged } = shown(false, (progress) => {
      progress.update(200, 200, 'looking');
      progress.update(10, 100, 'applying');
    });
    expect(logged).toMatchObject([
      { msg: 'looking', done: 200, left: '0 s' },
      { msg: 'applying', done: 10, left: '9 s' },
    ]);
  });

  it('is not shown for little work', () => {
    expect(shown(true, (progress) => progress.update(50, 99, 'looking'))).toEqual({ written: '', logged: [] });
  });
});
