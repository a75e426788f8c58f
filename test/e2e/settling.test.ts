import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { openSandbox } from '../helpers/sandbox.js';

const A = { name: 'a', handler: 'https://a.example/x', trigger: 'create' };

describe('apply and a create of unknown outcome', () => {
  it('finds what the server made at once, without the time to settle', async () => {
    const sandbox = await openSandbox({ faults: ['create@2:after:close'] });
    const place = await Workplace.open(sandbox);
    await place.manifest([A, { ...A, name: 'b', trigger: 'open' }]);
    const { code, document } = await place.json('apply', '--init', '--settle', '1h');
    expect([code, document.summary]).toEqual([0, expect.objectContaining({ failed: 0, create: 2 })]);
    expect(sandbox.account()).toHaveLength(2);
    expect(sandbox.requests().filter(({ call }) => call === 'create')).toHaveLength(2);
  });

  it('says that it is uncertain, not that it was not started, when it is stopped while it waits', async () => {
    const sandbox = await openSandbox({ faults: ['create:before:504'] });
    const place = await Workplace.open(sandbox);
    await place.manifest([A]);
    const apply = place.start('apply', '--init', '--settle', '1h', '--json');
    await apply.waitForErrors(/waiting until the server can no longer act on a lost request/);
    const before = sandbox.requests().length;
    apply.kill('SIGINT');
    const { code, stdout } = await apply.finished;
    const { changes, errors } = JSON.parse(stdout) as Record<string, unknown>;
    expect([code, changes, errors]).toMatchObject([
      1,
      [{ name: 'a', result: 'uncertain', error: { code: 'create-unsettled', file: 'webhooks.yaml', line: 2 } }],
      [{ code: 'create-unsettled', name: 'a' }],
    ]);
    expect(sandbox.requests()).toHaveLength(before);
  });
});
