import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { Workplace } from '../helpers/cli.js';
import { atNight } from '../helpers/night.js';
import { openSandbox } from '../helpers/sandbox.js';

const ENTRIES = ['create', 'open'].map((trigger) => ({ name: trigger, handler: 'https://a.example/x', trigger }));

/** Two webhooks, one of them removed by hand: drift that a refresh would see. */
async function openDrifted(): Promise<{ sandbox: Sandbox; place: Workplace }> {
  const sandbox = await openSandbox();
  const place = await Workplace.open(sandbox);
  await place.manifest(ENTRIES);
  expect((await place.run('apply', '--init')).code).toBe(0);
  sandbox.model.removeByHand(1895, Date.now());
  return { sandbox, place };
}

describe('live webhooks that could not be read', () => {
  it.each(['plan', 'plan --detailed-exitcode', 'plan --format github', 'apply'])(
    'are counted in the last line of %s, which fails',
    async (line) => {
      const { sandbox, place } = await openDrifted();
      sandbox.orderFault('read:before:403*2');
      const { code, stdout } = await place.run(...line.split(' '));
      expect([code, stdout.trimEnd().split('\n').at(-1)]).toEqual([
        1,
        expect.stringMatching(/^(Nothing found to do: |::notice title=plan::)2 unchanged, 2 could not be checked/),
      ]);
    },
  );

  it('fail a run that brought others in order', async () => {
    const { sandbox, place } = await openDrifted();
    sandbox.orderFault('read:before:403');
    const { code, stdout } = await place.run('apply', '--concurrency', '1');
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/Done: 1 created, 1 unchanged, 1 could not be checked\n/),
    ]);
    expect(sandbox.account()).toHaveLength(2);
  });

  atNight('are checked again by the daemon soon, without waiting for the schedule', async () => {
    const { sandbox, place } = await openDrifted();
    sandbox.orderFault('read:before:403*2');
    const daemon = place.begin('run', '--schedule', 'off', '--log-format', 'json');
    await daemon.waitForOutput(/"unread":2.*reconciled in part/);
    await sandbox.until((model) => model.webhooks().length === 2);
    daemon.kill('SIGTERM');
    expect(await daemon.finished).toMatchObject({ code: 0, stdout: expect.stringContaining('"retry"') });
  });
});
