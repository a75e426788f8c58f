import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { runAccount } from '../../src/commands/account-daemon.js';
import { semaphore } from '../../src/concurrent.js';
import { CircuitBreaker, type Clock } from '../../src/copernica/circuit-breaker.js';
import { SharedDispatchers } from '../../src/copernica/dispatcher.js';
import { RETRY } from '../../src/copernica/retry-policy.js';
import { Commits } from '../../src/daemon/commit.js';
import { Schedules } from '../../src/daemon/cron.js';
import { FolderEvents } from '../../src/daemon/folder-events.js';
import { BACKOFF } from '../../src/daemon/scheduler.js';
import { LOOK_EVERY_MS } from '../../src/daemon/watch.js';
import type { Sandbox } from '../../src/sandbox/server.js';
import { openStatus } from '../../src/status/status.js';
import { Workplace } from '../helpers/cli.js';
import { memoryHost } from '../helpers/in-process.js';
import { NIGHT } from '../helpers/night.js';
import { openSandbox } from '../helpers/sandbox.js';
import { resolveTexts } from '../helpers/settings.js';

const MANY = NIGHT ? 200 : 60;
const FEW = 20;
/** How often a request is sent in one run that is always turned away. */
const TRIES = RETRY.attempts['turned-away'];

/** As many entries, each with a webhook of its own. */
function entries(count: number) {
  return Array.from({ length: count }, (_, n) => ({
    name: `w${n}`,
    handler: `https://a.example/${n}`,
    trigger: 'create',
  }));
}

/** The tenth with another handler. */
function withOneChanged(count: number) {
  return entries(count).map((entry) => (entry.name === 'w9' ? { ...entry, handler: 'https://b.example' } : entry));
}

/** The whole daemon of one account, in this process: its timers are the test's, its requests are real. */
async function startDaemon(sandbox: Sandbox, settings: Readonly<Record<string, string>> = {}) {
  const place = await Workplace.open();
  const environment = {
    COPERNICA_API_URL: sandbox.url,
    COPERNICA_ACCESS_TOKEN: sandbox.token,
    COPERNICA_WEBHOOKS_FILE: place.path('webhooks.yaml'),
    COPERNICA_WEBHOOKS_STATE: place.path('webhooks.state.jsonl'),
    COPERNICA_WEBHOOKS_INIT: 'true',
    COPERNICA_WEBHOOKS_SCHEDULE: 'off',
    COPERNICA_WEBHOOKS_CONCURRENCY: '1',
    // Events come by the machine's clock, which is not the one here.
    COPERNICA_WEBHOOKS_POLL: 'true',
    ...settings,
  };
  const account = resolveTexts({ environment }).resolved?.accounts[0];
  if (account === undefined) throw new Error('there is no account');
  const { host, written } = memoryHost(environment);
  const asked = new AbortController();
  const again = new AbortController().signal;
  const hangups = new Set<() => void>();
  let onLogged = () => {};
  const log = {
    ...host.stdout,
    offer: (text: string) => {
      host.stdout.offer(text);
      onLogged();
    },
  };
  const status = await openStatus({
    listen: 'off',
    anyPort: false,
    allowedHosts: [],
    version: '1',
    now: () => new Date(),
    log: { warn: () => {} } as never,
    redact: (text) => text,
  });
  const reporter = status.account({ name: null, target: 'here', file: 'webhooks.yaml', schedule: 'off' });
  const begin = () => {
    const ended = runAccount(
      {
        ...host,
        stdout: log,
        stopSignals: () => ({ asked: asked.signal, again }),
        onSignal: (_signal, listener) => {
          hangups.add(listener);
          return () => void hangups.delete(listener);
        },
      },
      account,
      {
        breakerFor: () => new CircuitBreaker(() => {}, hastyClock()),
        status: reporter,
        dispatchers: new SharedDispatchers(),
        runs: semaphore(1),
        looks: semaphore(1),
        electionsFor: async () => null,
        events: new FolderEvents(),
        commits: new Commits(),
        schedules: new Schedules(),
        onStopping: () => {},
      },
    );
    onTestFinished(async () => {
      asked.abort();
      await ended;
    });
  };
  const until = (isSo: () => boolean) =>
    new Promise<void>((resolve) => {
      onLogged = () => {
        if (isSo()) resolve();
      };
      onLogged();
    });
  let seen = 0;
  return {
    place,
    begin,
    /** Resolves when so many runs have come to their end. */
    runs: (count: number) => until(() => written.stdout.split('"reconciled').length > count),
    logged: (pattern: RegExp) => until(() => pattern.test(written.stdout)),
    /** How often it did. */
    says: (pattern: RegExp) => written.stdout.match(new RegExp(pattern, 'g'))?.length ?? 0,
    /** The manifest is edited, and the daemon looks. */
    edit: async (manifest: readonly object[]) => {
      await place.manifest(manifest);
      await vi.advanceTimersByTimeAsync(LOOK_EVERY_MS.polling);
    },
    hangUp: () => {
      for (const listener of hangups) listener();
    },
    /** What was asked since this was asked last. */
    requests: () => {
      const all = sandbox.requests();
      const fresh = all.slice(seen).map(({ method, path }) => `${method} ${path.replace('/v3', '')}`);
      seen = all.length;
      return fresh;
    },
    drifted: () => reporter.now().status.drifted,
    counts: () => {
      const { rows, health } = reporter.now().status;
      const count = (wanted: string) => rows.filter((row) => row.status === wanted).length;
      return { created: count('created'), failed: count('failed'), health: health.kind };
    },
  };
}

/** The client's own retries wait for nothing. */
function hastyClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    random: () => 0.5,
    sleep: async (ms) => {
      now += ms;
    },
  };
}

/**
 * Lets the daemon try again where it wants to: it never waits for longer. All at once, so that what it tries has no time
 * to end and to be tried once more.
 */
const longestBackoff = async () => {
  await vi.advanceTimersByTimeAsync(0);
  vi.advanceTimersByTime(BACKOFF.mostMs);
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('the daemon, with an entry that Copernica refuses among many,', () => {
  it('asks nothing until the entry changes', async () => {
    const sandbox = await openSandbox({ faults: ['create@10:before:400'] });
    const daemon = await startDaemon(sandbox);
    await daemon.place.manifest(entries(MANY));
    daemon.begin();
    await daemon.runs(1);
    daemon.requests();
    await longestBackoff();
    expect(daemon.requests()).toEqual([]);
    expect(daemon.counts()).toEqual({ created: MANY - 1, failed: 1, health: 'webhooks-failed' });
    expect(daemon.says(/retries/)).toBe(0);
    await daemon.edit(withOneChanged(MANY));
    await daemon.runs(2);
    expect(daemon.requests()).toEqual(['GET /identity', 'POST /webhooks']);
    expect(daemon.counts()).toEqual({ created: MANY, failed: 0, health: 'ok' });
  });

  it('tries it again when the schedule comes', async () => {
    const sandbox = await openSandbox({ faults: ['create@3:before:422'] });
    const daemon = await startDaemon(sandbox, { COPERNICA_WEBHOOKS_SCHEDULE: '*/15 * * * *' });
    await daemon.place.manifest(entries(5));
    daemon.begin();
    await daemon.runs(1);
    expect(daemon.counts()).toEqual({ created: 4, failed: 1, health: 'webhooks-failed' });
    await vi.advanceTimersByTimeAsync(15 * 60_000);
    await daemon.runs(2);
    expect(daemon.counts()).toEqual({ created: 5, failed: 0, health: 'ok' });
  });

  it('leaves it alone while it tries another one again', async () => {
    // The second one is turned away in all tries of one run.
    const sandbox = await openSandbox({ faults: ['create@10:before:400', `create@15:before:503*${TRIES}`] });
    const daemon = await startDaemon(sandbox);
    await daemon.place.manifest(entries(FEW));
    daemon.begin();
    await daemon.runs(1);
    expect(daemon.counts()).toEqual({ created: FEW - 2, failed: 2, health: 'webhooks-failed' });
    daemon.requests();
    await longestBackoff();
    await daemon.runs(2);
    expect(daemon.says(/retries 1 entry in 1 s/)).toBe(1);
    expect(daemon.requests()).toEqual(['GET /identity', 'POST /webhooks']);
    expect(daemon.counts()).toEqual({ created: FEW - 1, failed: 1, health: 'webhooks-failed' });
    await longestBackoff();
    expect(daemon.requests()).toEqual([]);
    expect(daemon.says(/w9: create: /)).toBe(1);
  });

  it('looks for a lost create all the same, and sends that again', async () => {
    const sandbox = await openSandbox({ faults: ['create@10:before:400', 'create@15:before:close'] });
    const daemon = await startDaemon(sandbox);
    await daemon.place.manifest(entries(FEW));
    daemon.begin();
    await daemon.runs(1);
    daemon.requests();
    for (const run of [2, 3]) {
      await longestBackoff();
      await daemon.runs(run);
    }
    await longestBackoff();
    expect(daemon.counts()).toEqual({ created: FEW - 1, failed: 1, health: 'webhooks-failed' });
    const sent = daemon.requests().filter((request) => !request.startsWith('GET'));
    expect(sent).toEqual(new Array(FEW - 14).fill('POST /webhooks'));
  });

  it('looks up no names again for the sake of another one', async () => {
    // The sandbox has a database of that name.
    const sandbox = await openSandbox({ faults: ['create@2:before:400', `create@4:before:503*${TRIES}`] });
    const daemon = await startDaemon(sandbox);
    await daemon.place.manifest(entries(5).map((entry) => ({ ...entry, database: 'Customers' })));
    daemon.begin();
    await daemon.runs(1);
    expect(daemon.requests()).toContain('GET /databases');
    await longestBackoff();
    await daemon.runs(2);
    expect(daemon.requests()).toEqual(['GET /identity', 'POST /webhooks']);
  });
});

describe('the daemon, with one webhook among many that can not be made as it should be,', () => {
  it('sends what failed and nothing else, however often it fails', async () => {
    const sandbox = await openSandbox();
    const daemon = await startDaemon(sandbox);
    await daemon.place.manifest(entries(MANY));
    daemon.begin();
    await daemon.runs(1);
    sandbox.orderFault(`update:before:503*${3 * TRIES}`);
    await daemon.place.manifest(withOneChanged(MANY));
    // All live webhooks are read.
    daemon.hangUp();
    await daemon.runs(2);
    const sent = ['GET /identity', ...new Array(TRIES).fill('PUT /webhook/1903')];
    daemon.requests();
    for (const run of [3, 4]) {
      await longestBackoff();
      await daemon.runs(run);
      expect(daemon.requests()).toEqual(sent);
    }
    await longestBackoff();
    await daemon.runs(5);
    expect(daemon.requests()).toEqual(['GET /identity', 'PUT /webhook/1903']);
    expect(daemon.counts()).toEqual({ created: MANY, failed: 0, health: 'ok' });
    expect(daemon.says(/retries 1 entry in \d+ s/)).toBe(3);
  });

  it('reads what could not be read and nothing else', async () => {
    const sandbox = await openSandbox();
    const daemon = await startDaemon(sandbox);
    await daemon.place.manifest(entries(FEW));
    daemon.begin();
    await daemon.runs(1);
    sandbox.model.changeByHand(1903, { handler: 'https://somebody.example', trigger: 'create' });
    daemon.requests();
    // The one that was changed, and the next.
    const times = 2 * RETRY.attempts.unknown;
    const reply = { kind: 'answer', status: 500 } as const;
    sandbox.orderFault({ on: 'read', nth: 10, times, reply });
    daemon.hangUp();
    await daemon.runs(2);
    expect(daemon.requests().filter((request) => request.startsWith('GET /webhook/'))).toHaveLength(FEW - 2 + times);
    sandbox.orderFault({ on: 'read', times, reply });
    await longestBackoff();
    await daemon.runs(3);
    expect(new Set(daemon.requests())).toEqual(new Set(['GET /identity', 'GET /webhook/1903', 'GET /webhook/1904']));
    expect(daemon.drifted()).toEqual([]);
    await longestBackoff();
    await daemon.runs(4);
    expect(daemon.requests()).toEqual(['GET /identity', 'GET /webhook/1903', 'GET /webhook/1904', 'PUT /webhook/1903']);
    expect(daemon.drifted()).toEqual(['w9']);
    expect(daemon.counts()).toEqual({ created: FEW, failed: 0, health: 'ok' });
  });

  it('does all that the manifest says when that is edited meanwhile', async () => {
    const sandbox = await openSandbox();
    const daemon = await startDaemon(sandbox);
    await daemon.place.manifest(entries(FEW));
    daemon.begin();
    await daemon.runs(1);
    sandbox.orderFault(`update:before:503*${TRIES}`);
    await daemon.edit(withOneChanged(FEW));
    await daemon.runs(2);
    daemon.requests();
    await daemon.edit([...withOneChanged(FEW), { name: 'new', handler: 'https://c.example', trigger: 'create' }]);
    await daemon.runs(3);
    expect(daemon.requests()).toEqual(['GET /identity', 'PUT /webhook/1903', 'POST /webhooks']);
    expect(daemon.counts()).toEqual({ created: FEW + 1, failed: 0, health: 'ok' });
  });

  it('does so too where a retry is what sees the edit first', async () => {
    const sandbox = await openSandbox();
    const daemon = await startDaemon(sandbox);
    await daemon.place.manifest(entries(5));
    sandbox.orderFault(`create@5:before:503*${TRIES}`);
    sandbox.orderFault('create@2:before:400');
    daemon.begin();
    await daemon.runs(1);
    await daemon.place.manifest([...entries(5), { name: 'new', handler: 'https://c.example', trigger: 'create' }]);
    await vi.advanceTimersByTimeAsync(1_000);
    await daemon.runs(2);
    expect(daemon.counts()).toEqual({ created: 6, failed: 0, health: 'ok' });
  });
});

describe('the daemon, when a run could not be carried out,', () => {
  it('does all of it again', async () => {
    const sandbox = await openSandbox({ faults: ['identity@2:before:401'] });
    const daemon = await startDaemon(sandbox);
    await daemon.place.manifest(entries(5));
    daemon.begin();
    await daemon.runs(1);
    daemon.requests();
    daemon.hangUp();
    await daemon.logged(/retries the run in 1 s/);
    await longestBackoff();
    await daemon.runs(2);
    expect(daemon.requests().filter((request) => request.startsWith('GET /webhook/'))).toHaveLength(5);
  });
});
