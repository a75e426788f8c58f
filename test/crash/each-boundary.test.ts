import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { Workplace } from '../helpers/cli.js';
import { openSandbox } from '../helpers/sandbox.js';

const PRELOAD = fileURLToPath(new URL('./boundaries.cjs', import.meta.url));
/** In `npm test`, each third boundary; at night (CRASH_POINTS=all), each one. */
const EVERY = process.env.CRASH_POINTS === 'all' ? 1 : 3;
/** So many commands run at once: more would only wait for each other. */
const LANES = 3;
/** Against hanging for ever only. */
const PATIENCE_MS = 3_600_000;

const entry = (name: string, path: string, more: object = {}) => ({
  name,
  handler: `https://a.example/${path}`,
  trigger: 'create',
  ...more,
});
const BEFORE = [
  entry('kept', 'kept'),
  entry('edited', 'edited'),
  entry('limited', 'limited', { database: 1 }),
  entry('renamed', 'renamed'),
  entry('dropped', 'dropped'),
  entry('lost', 'lost'),
];
const AFTER = [
  entry('kept', 'kept'),
  entry('edited', 'edited', { trigger: 'update' }),
  entry('limited', 'limited', { database: 2 }),
  entry('new-name', 'renamed'),
  entry('lost', 'lost'),
  entry('new', 'new'),
];
const APPLY = ['apply', '--prune', '--force', '--settle', '200ms', '--concurrency', '2'];

/** An account and a state in which the next apply has one of everything to do, the recovery of a lost create included. */
async function opened() {
  const sandbox = await openSandbox({ faults: ['create@6:after:hang'] });
  const place = await Workplace.open(sandbox);
  await place.manifest(BEFORE);
  const before = place.start('apply', '--init', '--concurrency', '1');
  await sandbox.until((model) => model.webhooks().length === BEFORE.length);
  before.kill('SIGKILL');
  await before.finished;
  await place.manifest(AFTER);
  return { sandbox, place };
}

function live(sandbox: Sandbox): string[] {
  return sandbox
    .account('34')
    .map(({ handler, trigger, database }) => `${handler.split('/').at(-1)} ${trigger} ${database ?? ''}`.trim())
    .sort();
}

const WANTED = ['edited update', 'kept create', 'limited create 2', 'lost create', 'new create', 'renamed create'];

async function boundaries(): Promise<number> {
  const { sandbox, place } = await opened();
  Object.assign(place.environment, { NODE_OPTIONS: `--require ${PRELOAD}`, BOUNDARIES_FILE: place.path('count') });
  expect(await place.run(...APPLY)).toMatchObject({ code: 0 });
  expect(live(sandbox)).toEqual(WANTED);
  return Number(await place.read('count'));
}

/** What is wrong after a kill at this boundary and one clean apply, and whether there was a kill. */
async function killAt(boundary: number): Promise<{ readonly wrong: readonly string[]; readonly killed: boolean }> {
  const { sandbox, place } = await opened();
  const { environment } = place;
  Object.assign(environment, { NODE_OPTIONS: `--require ${PRELOAD}`, DIE_AT: String(boundary) });
  const killed = await place.run(...APPLY);
  delete environment.NODE_OPTIONS;
  const clean = await place.run(...APPLY);
  const again = await place.run('plan', '--detailed-exitcode');
  const wrong: string[] = [];
  // How many there are differs from run to run by how records fall into flushes: it may have ended before.
  if (killed.signal !== 'SIGKILL' && killed.code !== 0) wrong.push(`was not killed: ${killed.code}`);
  if (clean.code !== 0) wrong.push(`the next apply ended with ${clean.code}: ${clean.stderr}`);
  if (again.code !== 0) wrong.push(`there is something left to do: ${again.stdout}${again.stderr}`);
  if (JSON.stringify(live(sandbox)) !== JSON.stringify(WANTED)) wrong.push(`live: ${live(sandbox).join(', ')}`);
  return { wrong: wrong.map((what) => `boundary ${boundary}: ${what}`), killed: killed.signal === 'SIGKILL' };
}

describe('the built command, killed with SIGKILL', () => {
  it('at each boundary of its I/O in turn, loses and doubles nothing', { timeout: PATIENCE_MS }, async () => {
    const total = await boundaries();
    expect(total).toBeGreaterThan(40);
    const points = Array.from({ length: total }, (_, index) => index + 1).filter((point) => point % EVERY === 0);
    const queue = points.values();
    const wrong: string[] = [];
    let kills = 0;
    const lane = async () => {
      for (const point of queue) {
        const result = await killAt(point);
        wrong.push(...result.wrong);
        kills += Number(result.killed);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    expect(wrong).toEqual([]);
    expect(kills).toBeGreaterThan(points.length * 0.8);
  });
});
