import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { atNight, byDay } from '../helpers/night.js';
import { openSandbox } from '../helpers/sandbox.js';

const PRELOAD = fileURLToPath(new URL('../helpers/signal-when.cjs', import.meta.url));
const SETTINGS = 'settings.yaml';
const MANIFEST = 'webhooks.yaml';
const A = { name: 'a', handler: 'https://a.example/x', trigger: 'create' };

/**
 * A place with something to do, where a command gets signals the first time that it looks at a file, or when it exits.
 */
async function openSignalled(when: string, ...signals: readonly NodeJS.Signals[]) {
  const sandbox = await openSandbox();
  const place = await Workplace.open(sandbox);
  await place.write(SETTINGS, 'init: true\nlog-format: json\n');
  await place.manifest([A]);
  Object.assign(place.environment, {
    NODE_OPTIONS: `--require ${PRELOAD}`,
    SIGNAL_WHEN: when,
    SIGNALS: signals.join(','),
  });
  return { sandbox, place, start: (command: string) => place.start(command, '--config', SETTINGS) };
}

describe('a daemon that is told to end', () => {
  it.each<readonly [NodeJS.Signals, string]>(
    byDay(1, [
      ['SIGTERM', MANIFEST],
      ['SIGINT', MANIFEST],
      ['SIGTERM', SETTINGS],
      ['SIGINT', SETTINGS],
    ]),
  )('by %s while it reads %s ends with 0, and nothing is started', async (signal, file) => {
    const { sandbox, start } = await openSignalled(file, signal);
    const ended = await start('run').finished;
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(ended.stdout).not.toContain('reconciled');
    expect(sandbox.requests()).toEqual([]);
  });

  atNight('twice while it starts ends with 0', async () => {
    const { start } = await openSignalled(SETTINGS, 'SIGTERM', 'SIGINT');
    expect(await start('run').finished).toMatchObject({ code: 0, signal: null });
  });

  atNight('ends with 0 when it is told again in its last moment', async () => {
    const { start } = await openSignalled('exit', 'SIGTERM');
    const daemon = start('run');
    await daemon.waitForOutput(/"reconciled/);
    daemon.kill('SIGTERM');
    expect(await daemon.finished).toMatchObject({ code: 0, signal: null });
  });
});

describe('SIGHUP', () => {
  it.each(byDay(1, [SETTINGS, MANIFEST]))('does not end a daemon that reads %s as it starts', async (file) => {
    const { start } = await openSignalled(file, 'SIGHUP');
    const daemon = start('run');
    await daemon.waitForOutput(/"reconciled/);
    daemon.kill('SIGTERM');
    expect(await daemon.finished).toMatchObject({ code: 0, signal: null });
  });
});

describe('an apply that is told to end', () => {
  it.each(
    byDay(1, [
      { when: 'while it starts', signals: ['SIGTERM'] },
      { when: 'twice while it starts', signals: ['SIGINT', 'SIGTERM'] },
    ]),
  )('$when sends nothing and ends with 1', async ({ signals }) => {
    const { sandbox, start } = await openSignalled(SETTINGS, ...signals);
    expect(await start('apply').finished).toMatchObject({ code: 1, signal: null });
    expect(sandbox.account()).toEqual([]);
  });

  atNight('in its last moment ends with what it has done', async () => {
    const { sandbox, start } = await openSignalled('exit', 'SIGTERM');
    expect(await start('apply').finished).toMatchObject({ code: 0, signal: null });
    expect(sandbox.account()).toHaveLength(1);
  });
});

describe('several accounts of one daemon', () => {
  atNight('have their own grace time each: one that is over ends no other', async () => {
    const hanging = await openSandbox({ faults: ['create:after:hang'] });
    const slow = await openSandbox({ faults: ['create:after:slow:2000'] });
    const place = await Workplace.open();
    place.environment.TOKEN = slow.token;
    await place.manifest([A]);
    const account = (name: string, url: string, grace: string) =>
      `  - {name: ${name}, access-token-env: TOKEN, state: ${name}.jsonl, api-url: "${url}", grace: ${grace}}`;
    const lines = [account('hanging', hanging.url, '100ms'), account('slow', slow.url, '25s')];
    await place.write(SETTINGS, ['init: true', 'log-format: json', 'accounts:', ...lines].join('\n'));
    const daemon = place.start('run', '--config', SETTINGS);
    const made = [hanging, slow].map((sandbox) => sandbox.until((model) => model.webhooks().length === 1));
    await Promise.all(made);
    daemon.kill('SIGTERM');
    expect(await daemon.finished).toMatchObject({ code: 0, signal: null });
    const listed = JSON.parse((await place.run('list', '--json', '--config', SETTINGS)).stdout);
    expect(listed).toMatchObject([
      { account: 'hanging', status: 'uncertain' },
      { account: 'slow', status: 'created' },
    ]);
  });
});
