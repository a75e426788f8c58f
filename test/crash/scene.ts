import { chmod } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Sandbox } from '../../src/sandbox/server.js';
import { Workplace } from '../helpers/cli.js';
import { openSandbox } from '../helpers/sandbox.js';

const PRELOAD = fileURLToPath(new URL('./boundaries.cjs', import.meta.url));

export const STATE = 'webhooks.state.jsonl';

/** Against hanging for ever only. */
export const PATIENCE_MS = 3_600_000;

/** So many commands run at once: more would only wait for each other. */
const LANES = 3;

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
export const WANTED = [
  'edited update',
  'kept create',
  'limited create 2',
  'lost create',
  'new create',
  'renamed create',
];

export interface Scene {
  readonly sandbox: Sandbox;
  readonly place: Workplace;
}

/**
 * An account and a state in which the next run has one of everything to do, the recovery of a lost create included.
 * What led there is played by the command once, and made again for each scene.
 */
export async function openScene(): Promise<Scene> {
  stateBefore ??= playBefore();
  const state = await stateBefore;
  const sandbox = await openSandbox();
  for (const { name: _, ...fields } of BEFORE) sandbox.model.createByHand(fields, Date.now());
  const place = await Workplace.open(sandbox);
  await place.write(STATE, state);
  await chmod(place.path(STATE), 0o600);
  await place.manifest(AFTER);
  return { sandbox, place };
}

let stateBefore: Promise<string> | undefined;

/** The state of an `apply` that was killed while the answer to its last create was still to come. */
async function playBefore(): Promise<string> {
  const sandbox = await openSandbox({ faults: ['create@6:after:hang'] });
  const place = await Workplace.open(sandbox);
  await place.manifest(BEFORE);
  const before = place.start('apply', '--init', '--concurrency', '1');
  await sandbox.until((model) => model.webhooks().length === BEFORE.length);
  before.kill('SIGKILL');
  await before.finished;
  return await place.read(STATE);
}

/** The live webhooks as WANTED tells them. */
export function live(sandbox: Sandbox): string[] {
  return sandbox
    .account('34')
    .map(({ handler, trigger, database }) => `${handler.split('/').at(-1)} ${trigger} ${database ?? ''}`.trim())
    .sort();
}

/** What is not as it has to be once all is settled. `wanted`: the live webhooks. */
export async function whatIsWrong({ sandbox, place }: Scene, wanted: readonly string[] = WANTED): Promise<string[]> {
  const prune = wanted === WANTED ? ['--prune'] : [];
  const plan = await place.run('plan', '--detailed-exitcode', ...prune);
  const wrong: string[] = [];
  if (plan.code !== 0) wrong.push(`there is something left to do: ${plan.stdout}${plan.stderr}`);
  if (JSON.stringify(live(sandbox)) !== JSON.stringify(wanted)) wrong.push(`live: ${live(sandbox).join(', ')}`);
  return wrong;
}

/** What the next command gets at the boundary of this number, and a second time at the one after it; null: nothing. */
export interface Blow {
  readonly at: number;
  readonly signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT';
  readonly again: boolean;
}

/** From here on commands of the place count their boundaries, and this strikes them at one; `withoutBlow` ends it. */
export function withBlow({ environment }: Workplace, { at, signal, again }: Blow): void {
  const blow = { DIE_AT: String(at), DIE_BY: signal, DIE_TWICE: String(again) };
  Object.assign(environment, { NODE_OPTIONS: `--require ${PRELOAD}`, ...blow });
}

/** From here on commands of the place write how many boundaries they had. */
export function counting({ environment }: Workplace, file: string): void {
  Object.assign(environment, { NODE_OPTIONS: `--require ${PRELOAD}`, BOUNDARIES_FILE: file });
}

export function withoutBlow({ environment }: Workplace): void {
  delete environment.NODE_OPTIONS;
}

/** Counts the boundaries of what `run` does in a scene of its own. */
export async function countBoundaries(run: (scene: Scene) => Promise<void>): Promise<number> {
  const scene = await openScene();
  const { place } = scene;
  counting(place, place.path('count'));
  await run(scene);
  return Number(await place.read('count'));
}

/** Plays each case, some at a time; gives what they said was wrong. */
export async function playAll<Case>(cases: readonly Case[], play: (one: Case) => Promise<readonly string[]>) {
  const queue = cases.values();
  const wrong: string[] = [];
  const lane = async () => {
    for (const one of queue) wrong.push(...(await play(one)));
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return wrong;
}

/**
 * In `npm test` each boundary of so many, from `first` on; at night (CRASH_POINTS=all) each one, or each of `atNight`,
 * where what is tried at a boundary is much the same as at the next.
 */
export function pointsOf(total: number, { every, first = every, atNight = 1 }: Points): number[] {
  const step = process.env.CRASH_POINTS === 'all' ? atNight : every;
  return Array.from({ length: total }, (_, index) => index + 1).filter((point) => (point - first) % step === 0);
}

interface Points {
  readonly every: number;
  readonly first?: number;
  readonly atNight?: number;
}
