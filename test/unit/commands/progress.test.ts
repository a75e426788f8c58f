import { describe, expect, it } from 'vitest';
import { type Clock, type During, withProgress } from '../../../src/commands/progress.js';
import type { Host, TextSink } from '../../../src/host.js';
import { Secrets } from '../../../src/secrets.js';
import { type AccountSettings, resolveSettings } from '../../../src/settings/resolve.js';

const SETTINGS = resolveSettings({ flags: new Map(), environment: {}, file: undefined }).common;
const ALONE = [SETTINGS];
const CLEAR = '\r\u001b[K';

/** Time that passes when it is told to. */
class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ ms: number; due: number; tick: () => void }>();

  now(): number {
    return this.#now;
  }

  every(ms: number, tick: () => void): () => void {
    const timer = { ms, due: this.#now + ms, tick };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  pass(seconds: number): void {
    const end = this.#now + seconds * 1_000;
    for (;;) {
      const [next] = [...this.#timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due);
      if (next === undefined) break;
      this.#now = next.due;
      next.due += next.ms;
      next.tick();
    }
    this.#now = end;
  }
}

interface Scene {
  readonly isTTY?: boolean;
  readonly accounts?: readonly AccountSettings[];
  readonly columns?: number;
  readonly environment?: Host['environment'];
}

interface Work {
  readonly host: Host;
  readonly clock: ManualClock;
  readonly during: During;
  resize(columns: number): void;
}

/** All that is written on stdout and stderr while this work is done, as it stands on the one terminal. */
async function shown(scene: Scene, work: (given: Work) => Promise<unknown>): Promise<string> {
  const { isTTY = true, accounts = ALONE, environment = {} } = scene;
  let { columns } = scene;
  let written = '';
  const write = (text: string) => {
    written += text;
  };
  const sink: TextSink = {
    write,
    offer: write,
    isTTY,
    get columns() {
      return columns;
    },
  };
  const exitNow = () => write('ended');
  const host = { environment, stdout: sink, stderr: sink, secrets: new Secrets(), exitNow } as unknown as Host;
  const clock = new ManualClock();
  const resize = (to: number) => {
    columns = to;
  };
  const given = withProgress(host, accounts, (inner, during) => work({ host: inner, clock, during, resize }), clock);
  await given.catch(() => {});
  // Nothing comes after the end.
  clock.pass(60);
  return written;
}

/** One account is applied to, so far as `progress` says. */
function applying(work: (given: Work, at: (done: number) => void) => void): (given: Work) => Promise<void> {
  return (given) =>
    given.during(SETTINGS, async (onProgress) => {
      work(given, (done) => onProgress({ phase: 'applying', done, of: 30 }));
    });
}

/** What stays on a terminal after all this was written. */
function onTerminal(written: string): string[] {
  return written.split('\n').map((line) => line.split(CLEAR).at(-1) ?? '');
}

describe('progress on a terminal', () => {
  it('shows after two seconds in one line, which is rewritten, and gone at the end', async () => {
    const written = await shown(
      {},
      applying(({ clock }, at) => {
        at(0);
        clock.pass(2.4);
        at(1);
        clock.pass(0.4);
      }),
    );
    expect(written.split(CLEAR)).toEqual(['', 'applying: 0 of 30, 2 s', 'applying: 1 of 30, about 73 s left', '']);
  });

  it('is not shown for what takes less', async () => {
    expect(
      await shown(
        {},
        applying(({ clock }, at) => {
          at(0);
          clock.pass(1.9);
        }),
      ),
    ).toBe('');
  });

  it('stays below what is written meanwhile', async () => {
    const written = await shown(
      {},
      applying(({ host, clock }, at) => {
        at(3);
        clock.pass(2);
        host.stderr.offer('WARN: slow\n');
        at(4);
        host.stdout.write('  updated  a\n');
      }),
    );
    expect(onTerminal(written)).toEqual(['WARN: slow', '  updated  a', '']);
    expect(written.split('\n').at(-1)).toBe(`${CLEAR}applying: 4 of 30, about 13 s left${CLEAR}`);
  });

  it('is gone when the work fails, or the process is ended at once', async () => {
    const waiting = (end: (host: Host) => void) =>
      shown({}, ({ host, clock, during }) =>
        during(SETTINGS, async (onProgress) => {
          onProgress({ phase: 'locking' });
          clock.pass(2);
          end(host);
        }),
      );
    const fails = () => {
      throw new Error('no');
    };
    const line = `${CLEAR}waiting for the lock on the state, 2 s${CLEAR}`;
    expect(await waiting(fails)).toBe(line);
    expect(await waiting((host) => host.exitNow(1))).toBe(`${line}ended`);
  });

  it('is never wider than the terminal, which may be resized', async () => {
    const written = await shown(
      { columns: 24 },
      applying(({ clock, resize }, at) => {
        at(1);
        clock.pass(2);
        resize(12);
        clock.pass(0.5);
      }),
    );
    expect(written.split(CLEAR)).toEqual(['', 'applying: 1 of 30, abo…', 'applying: …', '']);
  });

  it('says which of several accounts are at work, and how many are done', async () => {
    const accounts = ['live', 'te\u001b[2Jst', 'c', 'd', 'e'].map((name) => ({ ...SETTINGS, name }));
    const written = await shown({ accounts, columns: 200 }, async ({ clock, during }) => {
      const all = accounts.map((account, index) =>
        during(account, async (onProgress) => {
          onProgress(index === 0 ? { phase: 'asking' } : { phase: 'reading', done: 0, of: 9 });
          if (index < 4) await new Promise<void>((resolve) => setImmediate(resolve));
        }),
      );
      await all[4];
      clock.pass(2);
      await Promise.all(all);
    });
    expect(written.split(CLEAR)[1]).toBe(
      '1 of 5 accounts done · live: asking Copernica, 2 s · te␛[2Jst: reading webhooks: 0 of 9, 2 s' +
        ' · c: reading webhooks: 0 of 9, 2 s · and 1 more at work',
    );
  });
});

describe('progress elsewhere', () => {
  it.each([
    ['where stderr is no terminal', { isTTY: false, environment: {} }],
    ['on a terminal that can rewrite nothing', { environment: { TERM: 'dumb' } }],
  ])('is a line every ten seconds: %s', async (_title, scene) => {
    const written = await shown(
      scene,
      applying(({ clock }, at) => {
        at(0);
        clock.pass(9);
        at(6);
        clock.pass(12);
      }),
    );
    expect(written).not.toContain(CLEAR);
    expect(written.trimEnd().split('\n')).toEqual([
      expect.stringContaining('applying: 6 of 30, about 40 s left'),
      expect.stringContaining('applying: 6 of 30, about 80 s left'),
    ]);
  });
});
