import { describe, expect } from 'vitest';
import type { Running } from '../helpers/cli.js';
import { entries } from '../helpers/entries.js';
import { type Database, openDatabase, openMachine } from '../helpers/machines.js';
import { atNight } from '../helpers/night.js';
import { openSandbox } from '../helpers/sandbox.js';
import { type OnStatement, openStatementProxy } from '../helpers/statement-proxy.js';
import { openScene, PATIENCE_MS, playAll, pointsOf, type Scene, STATE, WANTED, whatIsWrong } from './scene.js';

/** A folder whose state is in a database, and what has to be live at the end. */
interface Stage extends Scene {
  readonly database: Database;
  readonly args: readonly string[];
  readonly wanted: readonly string[];
}

/** A busy machine renews the lease in time; that of a process that was killed is ended by hand. */
const OF_POSTGRES = { COPERNICA_WEBHOOKS_LEASE: '30s', COPERNICA_WEBHOOKS_TIMEOUT: '3s' };

/** What passes while a lease runs out. */
const END_LEASES = `DO $$ BEGIN
IF to_regclass('copernica_webhooks.process') IS NOT NULL THEN
  UPDATE copernica_webhooks.process SET expires_at = least(expires_at, clock_timestamp());
END IF; END $$`;

const STAGES: readonly (readonly [string, () => Promise<Stage>])[] = [
  [
    'with one of everything to do',
    async () => {
      const { sandbox, place } = await openScene();
      const database = await openDatabase();
      const machine = await openMachine(sandbox, database.url, []);
      Object.assign(place.environment, machine.environment, OF_POSTGRES);
      expect(await place.run('state', 'copy', STATE, database.url)).toMatchObject({ code: 0 });
      const args = ['apply', '--prune', '--force', '--concurrency', '2'];
      return { sandbox, place, database, args, wanted: WANTED };
    },
  ],
  [
    'that begins the state',
    async () => {
      const sandbox = await openSandbox();
      const database = await openDatabase();
      const place = await openMachine(sandbox, database.url, entries(2));
      Object.assign(place.environment, OF_POSTGRES);
      return { sandbox, place, database, args: ['apply', '--init'], wanted: ['0 create', '1 create'] };
    },
  ],
];

/** When the process is killed: the server never gets the statement, has answered it, or gets it when others go on. */
const MOMENTS = ['before', 'after', 'late'] as const;
type Moment = (typeof MOMENTS)[number];

interface Kill {
  readonly at: number;
  readonly moment: Moment;
}

/** Commands of the place reach the database through a proxy, which tells of each statement. */
async function through({ place, database: { url } }: Stage, onStatement: OnStatement): Promise<void> {
  const { port } = await openStatementProxy(Number(new URL(url).port), onStatement);
  place.environment.COPERNICA_WEBHOOKS_STATE = url.replace(/:\d+\//, `:${port}/`);
}

/** How many statements a run sends that is left alone. */
async function countStatements(openStage: () => Promise<Stage>): Promise<number> {
  const stage = await openStage();
  let count = 0;
  await through(stage, (number, carryOut) => {
    count = number;
    return carryOut();
  });
  expect(await stage.place.start(...stage.args).finished).toMatchObject({ code: 0 });
  expect(await whatIsWrong(stage, stage.wanted)).toEqual([]);
  return count;
}

/** A run that is killed at a statement, and another that goes on: what is wrong in the end, and whether it was killed. */
async function play(stage: Stage, { at, moment }: Kill): Promise<{ wrong: readonly string[]; isKilled: boolean }> {
  const { place, database, args } = stage;
  let running: Running | undefined;
  let deliver = () => {};
  const isLate = new Promise<void>((resolve) => {
    deliver = resolve;
  });
  await through(stage, async (number, carryOut) => {
    if (number !== at) return carryOut();
    if (moment === 'after') await carryOut();
    running?.kill('SIGKILL');
    await running?.finished;
    if (moment !== 'late') return;
    await isLate;
    await carryOut();
  });
  running = place.start(...args);
  const killed = await running.finished;
  await database.query(END_LEASES);
  // It is in time for each of the first statements of the next run in turn.
  await through(stage, (number, carryOut) => {
    if (number === 1 + (at % 15)) deliver();
    return carryOut();
  });
  const next = await place.start(...args).finished;
  deliver();
  const wrong = [...(await whatIsWrong(stage, stage.wanted))];
  if (killed.signal !== 'SIGKILL' && killed.code !== 0) wrong.push(`was not killed: ${killed.code} ${killed.stderr}`);
  if (next.code !== 0) wrong.push(`the next run ended with ${next.code}: ${next.stderr}`);
  return {
    wrong: wrong.map((what) => `${moment} statement ${at}: ${what}`),
    isKilled: killed.signal === 'SIGKILL',
  };
}

describe.each(STAGES)('an apply %s on PostgreSQL', (_what, openStage) => {
  atNight(
    'killed with SIGKILL at each statement in turn, loses and doubles nothing',
    { timeout: PATIENCE_MS },
    async () => {
      const total = await countStatements(openStage);
      expect(total).toBeGreaterThan(12);
      const kills = MOMENTS.flatMap((moment, kind) => {
        return pointsOf(total, { every: 6, first: 2 + 2 * kind }).map((at): Kill => ({ at, moment }));
      });
      let killed = 0;
      const wrong = await playAll(kills, async (kill) => {
        const played = await play(await openStage(), kill);
        killed += Number(played.isKilled);
        return played.wrong;
      });
      expect(wrong).toEqual([]);
      // How many there are differs from run to run by how records fall into flushes: one may have ended before.
      expect(killed).toBeGreaterThan(kills.length * 0.7);
    },
  );
});
