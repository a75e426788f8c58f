import { describe, expect } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { atNight } from '../helpers/night.js';
import { openReceiver } from '../helpers/receiver.js';
import { openSandbox } from '../helpers/sandbox.js';
import { WallClock } from '../helpers/wall-clock.js';

const WHY_NOT = WallClock.whyNot();
const title = `a clock that is set back${WHY_NOT === null ? '' : ` (not tried: ${WHY_NOT})`}`;
const HOUR_MS = 3_600_000;
const A = { name: 'a', handler: 'https://a.example/x', trigger: 'create' };

/** A place whose processes go by a clock that is ahead by so much. */
async function openAhead(ms: number, fault: string) {
  const place = await Workplace.open(await openSandbox({ faults: [fault] }));
  const clock = new WallClock(place.folder);
  clock.setAhead(ms);
  Object.assign(place.environment, clock.environment);
  await place.manifest([A]);
  const start = () => place.start('run', '--init', '--log-format', 'json', '--schedule', 'off');
  return { place, clock, start };
}

describe.skipIf(WHY_NOT !== null)(title, () => {
  atNight(
    'does not make the daemon run without a pause, although a POST was lost when it was weeks ahead',
    async () => {
      const { place, clock, start } = await openAhead(40 * 24 * HOUR_MS, 'create:before:close');
      const daemon = start();
      await daemon.waitForOutput(/"uncertain":1/);
      clock.setAhead(0);
      daemon.kill('SIGHUP');
      await daemon.waitForOutput(/"hangup"/);
      // Takes a while, in which timers that are due at once would start run after run.
      expect((await place.run('list')).code).toBe(0);
      daemon.kill('SIGTERM');
      const { code, stdout, stderr } = await daemon.finished;
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).not.toContain('"settle"');
    },
  );

  atNight('does not hold back a notice', async () => {
    const receiver = await openReceiver();
    const { place, clock, start } = await openAhead(2 * HOUR_MS, 'create:before:400*always');
    Object.assign(place.environment, {
      COPERNICA_WEBHOOKS_NOTIFY: receiver.url,
      COPERNICA_WEBHOOKS_NOTIFY_AFTER: '1s',
    });
    const daemon = start();
    await daemon.waitForOutput(/"failed":1/);
    clock.setAhead(0);
    expect(await receiver.received(1)).toMatchObject([{ status: 'problem' }]);
    daemon.kill('SIGTERM');
    expect(await daemon.finished).toMatchObject({ code: 0 });
  });
});
