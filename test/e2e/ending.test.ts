import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { Workplace } from '../helpers/cli.js';
import { atNight } from '../helpers/night.js';
import { openSandbox } from '../helpers/sandbox.js';

const A = { name: 'a', handler: 'https://a.example/x', trigger: 'create' };

/** A request that hangs is given up on long after the test: whoever waits for it never ends. */
const PATIENT = ['--init', '--timeout', '1h', '--log-format', 'json'];

/** A place whose first create reaches the account and is never answered. */
async function openHanging(): Promise<{ sandbox: Sandbox; place: Workplace; sent: Promise<unknown> }> {
  const sandbox = await openSandbox({ faults: ['create:after:hang'] });
  const place = await Workplace.open(sandbox);
  await place.manifest([A]);
  return { sandbox, place, sent: sandbox.until((model) => model.webhooks().length === 1) };
}

async function expectNothingLost(sandbox: Sandbox, place: Workplace): Promise<void> {
  expect(JSON.parse((await place.run('list', '--json')).stdout)).toMatchObject([{ name: 'a', status: 'uncertain' }]);
  expect((await place.run('apply', '--settle', '0', '--scan-limit', '100')).code).toBe(0);
  expect(sandbox.account()).toHaveLength(1);
}

describe('a request that hangs', () => {
  it('does not keep the daemon from ending at the second signal', async () => {
    const { sandbox, place, sent } = await openHanging();
    const daemon = place.start('run', '--schedule', 'off', ...PATIENT);
    await sent;
    daemon.kill('SIGTERM');
    await daemon.waitForOutput(/stopping/);
    daemon.kill('SIGTERM');
    expect(await daemon.finished).toMatchObject({ code: 0, stdout: expect.stringContaining('stopped at once') });
    await expectNothingLost(sandbox, place);
  });

  atNight('does not keep the daemon from ending when the grace time is over', async () => {
    const { sandbox, place, sent } = await openHanging();
    const daemon = place.start('run', '--schedule', 'off', '--grace', '100ms', ...PATIENT);
    await sent;
    daemon.kill('SIGTERM');
    expect(await daemon.finished).toMatchObject({ code: 0, stdout: expect.stringContaining('stopped at once') });
    await expectNothingLost(sandbox, place);
  });

  atNight('does not keep apply from ending at the second signal, with nothing on stdout', async () => {
    const { sandbox, place, sent } = await openHanging();
    const apply = place.start('apply', '--json', ...PATIENT);
    await sent;
    apply.kill('SIGINT');
    await apply.waitForErrors(/stopping/);
    apply.kill('SIGINT');
    const ended = await apply.finished;
    expect(ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('stopped at once') });
    await expectNothingLost(sandbox, place);
  });
});
