import { describe, expect, it } from 'vitest';
import { fileStore } from '../../src/state/file/store.js';
import { Workplace } from '../helpers/cli.js';
import { openGate } from '../helpers/gate.js';
import { atNight } from '../helpers/night.js';
import { makeWebhook, openSandbox } from '../helpers/sandbox.js';

const STATE = 'webhooks.state.jsonl';
const HOLDER = { pid: 4711, host: 'web1', command: 'run', since: '2026-11-23T10:00:00.000Z' };
const A = { name: 'a', handler: 'https://a.example/old', trigger: 'create' };
const EDITED = { ...A, handler: 'https://a.example/new' };
const B = { ...A, name: 'b', trigger: 'open' };
const C = { ...A, name: 'c', trigger: 'click' };
const WAITING = /waiting for the lock on \S+, which pid 4711 on host web1 \(run\) since \S+ holds/;

async function openPlace(...entries: object[]) {
  const sandbox = await openSandbox();
  const place = await Workplace.open(sandbox);
  await place.manifest(entries);
  const holdLock = () => fileStore(place.path(STATE)).take({ timeoutMs: 0, holder: HOLDER });
  return { sandbox, place, holdLock };
}

const handlersOf = (sandbox: Awaited<ReturnType<typeof openSandbox>>) =>
  sandbox.account().map(({ handler, trigger }) => `${trigger} ${handler}`);

describe('an apply that waits for the lock', () => {
  it('applies what the manifest says when it has the lock, and not what it said before', async () => {
    const { sandbox, place, holdLock } = await openPlace(A);
    const lock = await holdLock();
    const apply = place.begin('apply', '--init', '--lock-timeout', '5m');
    await apply.waitForErrors(WAITING);
    await place.manifest([EDITED]);
    await lock.release();
    expect(await apply.finished).toMatchObject({ code: 0 });
    expect(handlersOf(sandbox)).toEqual(['create https://a.example/new']);
  });

  atNight('does so after a run that left nothing to do, too', async () => {
    const { sandbox, place, holdLock } = await openPlace(A);
    expect(await place.run('apply', '--init')).toMatchObject({ code: 0 });
    expect(await place.run('apply', '--no-refresh')).toMatchObject({ code: 0 });
    const lock = await holdLock();
    const apply = place.begin('apply', '--no-refresh', '--lock-timeout', '5m');
    await apply.waitForErrors(WAITING);
    await place.manifest([EDITED]);
    await lock.release();
    expect(await apply.finished).toMatchObject({ code: 0 });
    expect(handlersOf(sandbox)).toEqual(['create https://a.example/new']);
  });

  atNight('prunes nothing that came into the manifest meanwhile', async () => {
    const { sandbox, place } = await openPlace(A);
    expect(await place.run('apply', '--init')).toMatchObject({ code: 0 });
    const gate = await openGate(sandbox, 0);
    await place.manifest([A, B, C]);
    place.environment.COPERNICA_API_URL = gate.url;
    const first = place.begin('apply');
    await gate.reachedBy(first);
    await place.manifest([A]);
    const second = place.begin('apply', '--prune', '--lock-timeout', '5m');
    await second.waitForErrors(/waiting for the lock/);
    await place.manifest([A, B, C]);
    gate.open();
    expect([await first.finished, await second.finished]).toMatchObject([{ code: 0 }, { code: 0 }]);
    expect(sandbox.account()).toHaveLength(3);
  });

  atNight('does nothing when the manifest was broken meanwhile', async () => {
    const { sandbox, place, holdLock } = await openPlace(A);
    const lock = await holdLock();
    const apply = place.begin('apply', '--init', '--lock-timeout', '5m');
    await apply.waitForErrors(WAITING);
    await place.write('webhooks.yaml', 'webhooks: [');
    await lock.release();
    expect(await apply.finished).toMatchObject({ code: 3, stderr: expect.stringContaining('webhooks.yaml:') });
    expect(sandbox.account()).toEqual([]);
  });

  it('is told of a broken manifest before it waits', async () => {
    const { place, holdLock } = await openPlace(A);
    await place.write('webhooks.yaml', 'webhooks: [');
    const lock = await holdLock();
    const { code, stderr } = await place.run('apply', '--init', '--lock-timeout', '5m');
    expect([code, stderr]).toEqual([3, expect.not.stringContaining('waiting for the lock')]);
    await lock.release();
  });

  atNight('with --init goes on with the state that came into being meanwhile', async () => {
    const { sandbox, place } = await openPlace(A, B, C);
    const gate = await openGate(sandbox, 1);
    place.environment.COPERNICA_API_URL = gate.url;
    const first = place.begin('apply', '--init', '--concurrency', '1');
    await gate.reachedBy(first);
    const second = place.begin('apply', '--init', '--lock-timeout', '5m');
    await second.waitForErrors(/waiting for the lock/);
    gate.open();
    expect([await first.finished, await second.finished]).toMatchObject([{ code: 0 }, { code: 0 }]);
    expect(sandbox.account()).toHaveLength(3);
  });
});

describe('an import that waits for the lock', () => {
  async function waitingImport() {
    const { sandbox, place, holdLock } = await openPlace({ ...A, database: 7 });
    const id = await makeWebhook(sandbox, { handler: A.handler, trigger: A.trigger });
    const lock = await holdLock();
    const running = place.begin('import', 'a', String(id), '--init', '--lock-timeout', '5m');
    await running.waitForErrors(WAITING);
    return { place, lock, running };
  }

  atNight('takes from the manifest what it says then', async () => {
    const { place, lock, running } = await waitingImport();
    await place.manifest([{ ...A, database: 8 }]);
    await lock.release();
    const { code, stderr } = await running.finished;
    expect([code, stderr]).toEqual([0, expect.stringContaining('could not be checked that 1894 has database 8')]);
    expect((await place.json('list')).document[0]).toMatchObject({ name: 'a', database: 8 });
  });

  atNight('takes over nothing for an entry that is gone by then', async () => {
    const { place, lock, running } = await waitingImport();
    await place.manifest([B]);
    await lock.release();
    expect(await running.finished).toMatchObject({ code: 3, stderr: expect.stringContaining('has no entry "a"') });
  });
});

describe('a daemon that waits for the lock', () => {
  it('begins with what the manifest says when it has the lock', async () => {
    const { sandbox, place, holdLock } = await openPlace(A);
    const lock = await holdLock();
    const daemon = place.begin('run', '--init', '--lock-timeout', '5m', '--schedule', 'off', '--log-format', 'json');
    await daemon.waitForOutput(WAITING);
    await place.manifest([EDITED]);
    await lock.release();
    await daemon.waitForOutput(/"reconciled/);
    expect(handlersOf(sandbox)).toEqual(['create https://a.example/new']);
    expect(sandbox.requests().filter(({ method }) => method === 'PUT')).toEqual([]);
    daemon.kill('SIGTERM');
    expect(await daemon.finished).toMatchObject({ code: 0 });
  });
});
