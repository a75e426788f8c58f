import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { type Running, Workplace } from '../helpers/cli.js';
import { atNight } from '../helpers/night.js';
import { openSandbox } from '../helpers/sandbox.js';

function manifestOf(...names: string[]): string {
  return `webhooks:\n${names.map((name) => `  - { name: ${name}, handler: https://a.example/${name}, trigger: create }\n`).join('')}`;
}

/** Resolves when the account has exactly so many webhooks. */
function live(sandbox: Sandbox, count: number): Promise<void> {
  return sandbox.until((model) => model.webhooks().length === count);
}

const USUAL = ['--init', '--log-format', 'json', '--schedule', 'off'];

async function startDaemon(place: Workplace, ...args: string[]): Promise<Running> {
  const daemon = place.begin('run', ...USUAL, ...args);
  await daemon.waitForOutput(/"started"/);
  return daemon;
}

async function stop(daemon: Running) {
  daemon.kill('SIGTERM');
  return daemon.finished;
}

describe('the daemon', () => {
  it('creates at start, notices an edit, and ends cleanly on SIGTERM', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf('a', 'b'));
    const daemon = place.start('run', ...USUAL);
    await daemon.waitForOutput(/"started"/);
    await live(sandbox, 2);
    await place.write('webhooks.yaml', manifestOf('a', 'b', 'c'));
    await live(sandbox, 3);
    expect(await stop(daemon)).toMatchObject({ code: 0, signal: null });
  });

  atNight('notices changes on a file system without events', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf('a'));
    const daemon = await startDaemon(place, '--poll');
    await live(sandbox, 1);
    await place.write('webhooks.yaml', manifestOf('a', 'b'));
    await live(sandbox, 2);
    expect(await stop(daemon)).toMatchObject({ code: 0 });
  });

  it('keeps the last good manifest in force while the file is broken, and says so once', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf('a'));
    const daemon = await startDaemon(place);
    await live(sandbox, 1);
    await place.write('webhooks.yaml', 'webhooks: [');
    await daemon.waitForOutput(/last good one stays in force/);
    sandbox.model.removeByHand(1894, Date.now());
    daemon.kill('SIGHUP');
    await live(sandbox, 1);
    await place.write('webhooks.yaml', manifestOf('a', 'b'));
    await live(sandbox, 2);
    const { code, stdout } = await stop(daemon);
    expect(code).toBe(0);
    expect(stdout.match(/last good one/g)).toHaveLength(1);
    expect(stdout).toContain('the manifest is valid again');
  });

  atNight('tries again by itself after a failure', async () => {
    const sandbox = await openSandbox({ faults: [{ on: 'create', reply: { kind: 'answer', status: 401 } }] });
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf('a'));
    const daemon = await startDaemon(place);
    await live(sandbox, 1);
    const { code, stdout } = await stop(daemon);
    expect(code).toBe(0);
    expect(stdout).toContain('"retry"');
  });

  atNight('goes on trying with a token that Copernica rejects, also while the manifest is broken', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf('a'));
    const daemon = await startDaemon(place);
    await live(sandbox, 1);
    await place.write('webhooks.yaml', 'webhooks: [');
    await daemon.waitForOutput(/last good one stays in force/);
    sandbox.model.orderFault({ on: 'identity', times: 2, reply: { kind: 'answer', status: 401 } });
    sandbox.model.removeByHand(1894, Date.now());
    daemon.kill('SIGHUP');
    await live(sandbox, 1);
    const { code, stdout } = await stop(daemon);
    expect(code).toBe(0);
    expect(stdout.match(/"token-rejected"/g)).toHaveLength(2);
  });

  atNight('reads the manifest again on SIGHUP, before it reconciles', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf('a'));
    const daemon = await startDaemon(place, '--poll');
    await live(sandbox, 1);
    await place.write('webhooks.yaml', manifestOf('a', 'b'));
    daemon.kill('SIGHUP');
    await live(sandbox, 2);
    const output = await daemon.waitForOutput(/"hangup".*"reconciled/);
    expect(output).toMatch(/"create":1.*"hangup"|"hangup".*"create":1/);
    expect(await stop(daemon)).toMatchObject({ code: 0 });
  });

  atNight('deletes what left the manifest only when that has been the same for a while', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'));
    const daemon = await startDaemon(place, '--prune');
    await live(sandbox, 9);
    const whole = sandbox.account();
    // A writer that pauses half-way, and is done before that time is over.
    await place.write('webhooks.yaml', manifestOf('a', 'b', 'c', 'd', 'e', 'f', 'g'));
    await daemon.waitForOutput(/"orphaned":2/);
    await place.write('webhooks.yaml', manifestOf('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'));
    await daemon.waitForOutput(/(?:"manifest".*?){2}"reconciled/s);
    expect(sandbox.account()).toEqual(whole);
    await place.write('webhooks.yaml', manifestOf('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'));
    await live(sandbox, 8);
    expect(await stop(daemon)).toMatchObject({ code: 0 });
    expect(sandbox.account()).toEqual(whole.slice(0, 8));
  });

  it('finishes and records the request under way when it is told to stop', async () => {
    const sandbox = await openSandbox({ faults: ['create:after:slow:500'] });
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf('a', 'b', 'c', 'd', 'e', 'f'));
    const daemon = await startDaemon(place, '--concurrency', '1');
    await live(sandbox, 1);
    expect(await stop(daemon)).toMatchObject({ code: 0 });
    const listed = JSON.parse((await place.run('list', '--json')).stdout) as { status: string; id: number }[];
    expect(listed).toMatchObject([{ status: 'created', id: 1894 }]);
    expect(sandbox.account()).toHaveLength(1);
  });

  it('lets apply, import and forget work beside it while it is idle', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.write('webhooks.yaml', manifestOf('a'));
    const daemon = await startDaemon(place);
    await daemon.waitForOutput(/reconciled/);
    expect((await place.run('apply')).code).toBe(0);
    expect((await place.run('forget', 'a')).code).toBe(0);
    expect((await place.run('import', 'a', '1894')).code).toBe(0);
    daemon.kill('SIGHUP');
    await daemon.waitForOutput(/"hangup"/);
    expect(await stop(daemon)).toMatchObject({ code: 0 });
    expect(sandbox.account()).toHaveLength(1);
  });

  atNight('runs against a sandbox of its own, and says how to go live', async () => {
    const place = await Workplace.open();
    await place.write('webhooks.yaml', manifestOf('a'));
    const daemon = place.start('run', '--sandbox', '--log-format', 'json');
    const output = await daemon.waitForOutput(/"reconciled/);
    expect(output).toMatch(/sandbox.*COPERNICA_ACCESS_TOKEN/s);
    expect(await stop(daemon)).toMatchObject({ code: 0 });
  });
});
