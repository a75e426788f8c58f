import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { atNight } from '../helpers/night.js';
import { answer, json, type RawRequest, startRawServer } from '../helpers/raw-server.js';

// How fast it is depends on the machine; how much it does must not. What is counted here is what made it fast.

const COUNTERS = fileURLToPath(new URL('../helpers/counters.cjs', import.meta.url));
const CREATES = 40;
const CONCURRENCY = 10;
/** Long enough for all that is answered at once to come in while one flush is under way. */
const SLOW_FLUSH_MS = 10;

interface Counted {
  readonly code: number | null;
  readonly flushes: number;
  readonly bytesWritten: number;
}

async function counted(place: Workplace, ...args: string[]): Promise<Counted> {
  const { code } = await place.run(...args);
  return { code, ...JSON.parse(await place.read('counts.json')) };
}

/**
 * An account that answers POSTs in waves: when so many are in hand as the product sends at a time, or all that remain,
 * all of them at once. So the number of groups does not depend on who is fast.
 */
async function startAccount(expected: number) {
  const inHand: Socket[] = [];
  let id = 1000;
  let created = 0;
  const bodies = new Map<number, string>();
  const create = (socket: Socket, body: string) => {
    inHand.push(socket);
    bodies.set(1000 + created + inHand.length, body);
    // The very first goes alone: until one id is known, nothing bounds the search for a lost one.
    if (created > 0 && inHand.length < Math.min(CONCURRENCY, expected - created)) return;
    created += inHand.length;
    for (const waiting of inHand.splice(0)) waiting.write(answer(201, { 'X-Created': String(++id) }));
  };
  const replyTo = ({ method, target }: RawRequest) => {
    const about = Number(/\/webhook\/(\d+)/.exec(target)?.[1]);
    const body = bodies.get(about);
    if (target.includes('/identity')) return json({ id: '34', name: 'Counting' });
    if (method === 'PUT') return answer(204);
    if (method === 'GET' && body !== undefined) return json({ ID: String(about), ...(JSON.parse(body) as object) });
    return json({ error: { message: 'Invalid method' } }, 400);
  };
  const server = await startRawServer((socket, request) => {
    if (request.method === 'POST') create(socket, request.body);
    else socket.write(replyTo(request));
  });
  return { server, count: (method: string) => server.requests.filter((request) => request.method === method).length };
}

const manifestOf = (count: number, edited = -1) =>
  Array.from({ length: count }, (_, n) => ({
    name: `w${n}`,
    handler: `https://hooks.example.com/${n}${n === edited ? '/edited' : ''}`,
    trigger: 'create',
  }));

async function openAccount(expected: number) {
  const account = await startAccount(expected);
  const place = await Workplace.open();
  Object.assign(place.environment, {
    COPERNICA_API_URL: account.server.url,
    COPERNICA_ACCESS_TOKEN: 'a-token-for-counting',
    NODE_OPTIONS: `--require ${COUNTERS}`,
    COUNTS_FILE: place.path('counts.json'),
  });
  await place.manifest(manifestOf(expected));
  return { account, place };
}

const APPLY = ['apply', '--init', '--concurrency', String(CONCURRENCY)];

describe('what a create costs', () => {
  it('is one request, two records, a few hundred bytes, and a share of a flush', async () => {
    const { account, place } = await openAccount(CREATES);
    place.environment.COUNTS_FLUSH_MS = String(SLOW_FLUSH_MS);
    const run = await counted(place, ...APPLY);
    expect(run).toMatchObject({ code: 0 });

    expect(account.count('POST')).toBe(CREATES);
    // Whose account it is, once.
    const others = account.server.requests.filter(({ method }) => method !== 'POST');
    expect(others.map(({ target }) => target)).toEqual([expect.stringMatching(/^\/v3\/identity\?/)]);
    expect(account.server.connections).toBeLessThanOrEqual(CONCURRENCY);

    const records = (await place.read('webhooks.state.jsonl')).trimEnd().split('\n').length;
    expect(records).toBeGreaterThanOrEqual(2 * CREATES);
    expect(records - 2 * CREATES).toBeLessThanOrEqual(3);

    // Written once: the file is not rewritten as it grows.
    expect(run.bytesWritten / CREATES).toBeGreaterThan(100);
    expect(run.bytesWritten / CREATES).toBeLessThanOrEqual(450);

    const waves = Math.ceil((CREATES - 1) / CONCURRENCY) + 1;
    // Each wave's intents are on disk before its POSTs, so that there is at least one; two when an answer comes early.
    expect(run.flushes).toBeGreaterThanOrEqual(1);
    expect(run.flushes).toBeLessThanOrEqual(3 * waves);
  });

  atNight('does not grow with the number of entries', async () => {
    const bytesPerCreate = async (count: number) => {
      const { place } = await openAccount(count);
      const run = await counted(place, ...APPLY);
      expect(run).toMatchObject({ code: 0 });
      return run.bytesWritten / count;
    };
    const [few, many] = [await bytesPerCreate(50), await bytesPerCreate(400)];
    // Names and ids get longer by a digit or two.
    expect(many / few).toBeLessThan(1.15);
  });
});

describe('what a run costs that has nothing to do', () => {
  atNight('sends nothing and hardly flushes with --no-refresh', async () => {
    const { account, place } = await openAccount(CREATES);
    expect(await counted(place, ...APPLY)).toMatchObject({ code: 0 });
    const before = account.server.requests.length;

    for (const command of [['plan'], ['apply', '--no-prune']]) {
      const run = await counted(place, ...command, '--no-refresh');
      expect(run).toMatchObject({ code: 0 });
      expect(run.flushes).toBeLessThanOrEqual(2);
      expect(run.bytesWritten).toBeLessThan(2_000);
    }
    expect(account.server.requests.length).toBe(before);
  });

  atNight('reads each webhook once with a refresh, and plan flushes nothing', async () => {
    const { account, place } = await openAccount(CREATES);
    expect(await counted(place, ...APPLY)).toMatchObject({ code: 0 });
    expect(await counted(place, 'plan')).toMatchObject({ code: 0, flushes: 0 });
    expect(account.count('GET')).toBeLessThanOrEqual(CREATES + 6);
    expect(account.count('POST')).toBe(CREATES);
  });

  atNight('sends one request and flushes a few times for one changed entry of many', async () => {
    const { account, place } = await openAccount(CREATES);
    expect(await counted(place, ...APPLY)).toMatchObject({ code: 0 });
    const before = account.server.requests.length;
    await place.manifest(manifestOf(CREATES, 7));
    const run = await counted(place, 'apply', '--no-refresh');
    expect(run).toMatchObject({ code: 0 });
    expect(account.count('PUT')).toBe(1);
    expect(account.server.requests.length - before).toBeLessThanOrEqual(2);
    expect(run.flushes).toBeLessThanOrEqual(4);
    expect(run.bytesWritten).toBeLessThan(2_000);
  });
});
