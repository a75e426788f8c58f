import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { atNight } from '../helpers/night.js';
import { openSandbox } from '../helpers/sandbox.js';

const A = { name: 'a', handler: 'https://a.example/x', trigger: 'create' };

describe('a state that is missing', () => {
  it('ends the daemon with code 4 unless this is the first time', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest([A]);
    const { code, stderr } = await place.run('run');
    expect([code, stderr]).toEqual([4, expect.stringMatching(/no state at.*--init/s)]);
    expect(sandbox.account()).toHaveLength(0);
  });

  atNight('ends one account of several, and the others are kept', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    place.environment.TOKEN_ONE = sandbox.token;
    place.environment.TOKEN_TWO = sandbox.token;
    await place.manifest([A]);
    await place.write(
      'settings.yaml',
      `accounts:
  - {name: one, access-token-env: TOKEN_ONE, file: webhooks.yaml, state: one.jsonl}
  - {name: two, access-token-env: TOKEN_TWO, file: webhooks.yaml, state: two.jsonl}
`,
    );
    const config = ['--config', 'settings.yaml'];
    expect((await place.run('apply', '--init', '--account', 'two', ...config)).code).toBe(0);
    const daemon = place.begin('run', '--log-format', 'json', ...config);
    await daemon.waitForOutput(/"account":"one".*not managed until/);
    await daemon.waitForOutput(/"account":"two".*"reconciled/);
    daemon.kill('SIGTERM');
    expect(await daemon.finished).toMatchObject({ code: 4 });
    expect(sandbox.account()).toHaveLength(1);
  });

  it('is refused and not taken for the first time when it went while the daemon ran', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest([A]);
    const daemon = place.begin('run', '--init', '--log-format', 'json');
    await daemon.waitForOutput(/"reconciled/);
    await place.remove('webhooks.state.jsonl');
    daemon.kill('SIGHUP');
    await daemon.waitForOutput(/state-missing/);
    daemon.kill('SIGTERM');
    expect(await daemon.finished).toMatchObject({ code: 0 });
    expect(sandbox.account()).toHaveLength(1);
  });
});
