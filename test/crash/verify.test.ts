import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { openSandbox } from '../helpers/sandbox.js';
import { type Blow, counting, PATIENCE_MS, playAll, pointsOf, type Scene, withBlow, withoutBlow } from './scene.js';

const KEPT = { name: 'kept', handler: 'https://a.example/kept', trigger: 'create' };
const VERIFY = ['verify', '--init', '--settle', '1ms', '--handler', 'https://a.example/verify'];
const APPLY = ['apply', '--init', '--settle', '1ms', '--scan-limit', '20'];

/** `known`: the state knows an id before. Else only that of a later create tells where a lost one can be. */
async function openScene(before: 'known' | 'nothing'): Promise<Scene> {
  const sandbox = await openSandbox();
  const place = await Workplace.open(sandbox);
  await place.manifest([KEPT]);
  if (before === 'known') await place.run(...APPLY);
  return { sandbox, place };
}

async function boundaries(): Promise<number> {
  const { place } = await openScene('nothing');
  counting(place, place.path('count'));
  expect((await place.run(...VERIFY)).code).toBe(0);
  const count = Number(await place.read('count'));
  expect(count).toBeGreaterThan(40);
  return count;
}

/** What is wrong after a `verify` that was struck, and then `apply`. */
async function strike(before: 'known' | 'nothing', blow: Blow): Promise<string[]> {
  const { sandbox, place } = await openScene(before);
  withBlow(place, blow);
  const { signal, code, stderr } = await place.run(...VERIFY);
  withoutBlow(place);
  const wrong: string[] = [];
  if (signal === null && code !== 0 && !stderr.includes('stopping')) wrong.push(`ended with ${code}: ${stderr}`);
  if (/\n\s+at /.test(stderr)) wrong.push(`shows a stack: ${stderr}`);
  for (const _ of before === 'known' ? [1] : [1, 2]) {
    const next = await place.run(...APPLY);
    if (next.code !== 0) wrong.push(`the next apply ended with ${next.code}: ${next.stderr}`);
  }
  const live = sandbox.account().map(({ handler }) => handler);
  if (live.join() !== KEPT.handler) wrong.push(`live: ${live.join(', ')}`);
  return wrong.map((what) => `${before}, ${blow.signal} at boundary ${blow.at}: ${what}`);
}

describe('verify, killed or told to stop', () => {
  it('at each boundary of its I/O in turn, leaves nothing that the next apply does not delete', {
    timeout: PATIENCE_MS,
  }, async () => {
    const total = await boundaries();
    const cases = [
      ...pointsOf(total, { every: 44, first: 22 }).map(
        (at) => ['known', { at, signal: 'SIGKILL', again: false }] as const,
      ),
      ...pointsOf(total, { every: 60, first: 39, atNight: 2 }).map(
        (at) => ['nothing', { at, signal: 'SIGKILL', again: false }] as const,
      ),
      ...pointsOf(total, { every: 50, atNight: 3 }).map(
        (at) => ['known', { at, signal: 'SIGTERM', again: false }] as const,
      ),
    ];
    expect(await playAll(cases, ([before, blow]) => strike(before, blow))).toEqual([]);
  });
});
