import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import type { Running, Workplace } from '../helpers/cli.js';
import { entries } from '../helpers/entries.js';
import { openGate } from '../helpers/gate.js';
import { LEASE_MS, openDatabase, openMachine } from '../helpers/machines.js';
import { atNight, NIGHT } from '../helpers/night.js';
import { PASSWORD } from '../helpers/postgres.js';
import { openSandbox } from '../helpers/sandbox.js';

function handlersIn(sandbox: Sandbox): string[] {
  return sandbox
    .account()
    .map(({ handler }) => handler)
    .sort();
}

const WANTED = entries(30)
  .map(({ handler }) => handler)
  .sort();

/** An apply that waits for its eleventh create to be answered, and another machine. */
async function inTheMiddleOfAnApply() {
  const sandbox = await openSandbox();
  const { url } = await openDatabase();
  const [first, second] = [await openMachine(sandbox, url, entries(30)), await openMachine(sandbox, url, entries(30))];
  const gate = await openGate(sandbox, 10);
  first.environment.COPERNICA_API_URL = gate.url;
  const apply = first.start('apply', '--init', '--concurrency', '1');
  await gate.reachedBy(apply);
  return { sandbox, apply, second };
}

describe('a state on PostgreSQL', () => {
  it('is begun with --init, and read by other machines', async () => {
    const sandbox = await openSandbox();
    const { url } = await openDatabase();
    const [first, second] = [await openMachine(sandbox, url, entries(3)), await openMachine(sandbox, url, entries(3))];
    expect(await first.run('apply')).toMatchObject({ code: 4, stderr: expect.stringContaining('--init') });
    expect(await first.run('apply', '--init')).toMatchObject({ code: 0 });
    expect(await second.run('plan', '--detailed-exitcode')).toMatchObject({ code: 0 });
    const { stdout } = await second.run('list');
    expect(stdout).toContain('entry-2');
    expect(handlersIn(sandbox)).toHaveLength(3);
  });

  it('shows its password nowhere', async () => {
    const sandbox = await openSandbox();
    const { url } = await openDatabase();
    const place = await openMachine(sandbox, url, entries(1));
    place.environment.COPERNICA_WEBHOOKS_STATE = url.replace('@', `:${encodeURIComponent(PASSWORD)}@`);
    delete place.environment.PGPASSWORD;
    const runs = [
      await place.run('apply', '--init'),
      await place.run('list'),
      await place.run('plan', '--json'),
      await place.run('doctor'),
    ];
    place.environment.COPERNICA_WEBHOOKS_STATE = url.replace('@', ':another-password@');
    runs.push(await place.run('apply'));
    expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, expect.anything(), 1]);
    const said = runs.flatMap(({ stdout, stderr }) => [stdout, stderr]).join('\n');
    for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), 'another-password'])
      expect(said).not.toContain(secret);
    if (process.env.TEST_PGBOUNCER === undefined) expect(said).toContain('the password is wrong');
  });

  atNight('is written by one of several empty folders that apply at once, and the others wait', async () => {
    const sandbox = await openSandbox();
    const { url } = await openDatabase();
    const places = await Promise.all(
      Array.from({ length: NIGHT ? 10 : 4 }, () => openMachine(sandbox, url, entries(30))),
    );
    for (const { environment } of places) {
      // On a busy machine each takes its time.
      delete environment.COPERNICA_WEBHOOKS_LEASE;
      delete environment.COPERNICA_WEBHOOKS_TIMEOUT;
    }
    const runs = await Promise.all(
      places.map((place) => place.start('apply', '--init', '--lock-timeout', '120s').finished),
    );
    expect(runs.map(({ code }) => code)).toEqual(runs.map(() => 0));
    expect(handlersIn(sandbox)).toEqual(WANTED);
  });

  atNight('is begun and filled from ten empty folders of which whoever writes is killed again and again', async () => {
    // Slow enough for whoever writes to be met in the middle.
    const slow = { on: 'create', times: 'always', when: 'after', reply: { kind: 'slow', ms: 60 } } as const;
    const sandbox = await openSandbox({ faults: [slow] });
    const { url, query } = await openDatabase();
    const places = await Promise.all(Array.from({ length: 10 }, () => openMachine(sandbox, url, entries(30))));
    const running = new Map<number, Running>();
    let kills = 0;
    const untilDone = async (place: Workplace) => {
      for (;;) {
        const apply = place.start('apply', '--init', '--lock-timeout', '300s', '--concurrency', '2');
        const { pid = 0 } = apply.process;
        running.set(pid, apply);
        const { code, signal, stderr } = await apply.finished;
        running.delete(pid);
        if (code === 0) return;
        // On a busy machine one may lose its lease by itself.
        if (signal === null) expect(stderr).toMatch(/lease|could not be/);
      }
    };
    /** Each time some more webhooks are there: at once, or a little later. */
    const strike = async () => {
      for (let wanted = 1; wanted < 30; wanted += 3) {
        await sandbox.until((model) => model.webhooks().length >= wanted);
        await sleep(Math.random() * 50);
        const rows = await query("SELECT about->>'pid' AS pid FROM copernica_webhooks.lease WHERE purpose = 'write'");
        const writer = running.get(Number(rows[0]?.pid));
        writer?.kill('SIGKILL');
        await writer?.finished;
        kills += Number(writer !== undefined);
      }
    };
    await Promise.all([strike(), ...places.map(untilDone)]);
    expect(kills).toBeGreaterThan(3);
    expect(handlersIn(sandbox)).toEqual(WANTED);
  });

  atNight('is taken over from a process that was killed, once its lease has ended', async () => {
    const { sandbox, apply, second } = await inTheMiddleOfAnApply();
    apply.kill('SIGKILL');
    await apply.finished;
    const refused = await second.run('apply');
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('is locked by pid') });
    const next = await second.run('apply', '--lock-timeout', '60s');
    expect(next).toMatchObject({ code: 0 });
    expect((await second.run('apply')).code).toBe(0);
    expect(handlersIn(sandbox)).toEqual(WANTED);
  });

  atNight('refuses a process that was stopped for longer than its lease, which sends nothing more', async () => {
    const { sandbox, apply, second } = await inTheMiddleOfAnApply();
    apply.kill('SIGSTOP');
    const next = second.start('apply', '--lock-timeout', '60s');
    await sleep(2 * LEASE_MS);
    const finished = await next.finished;
    apply.kill('SIGCONT');
    expect(await apply.finished).toMatchObject({ code: 4, stderr: expect.stringContaining('lease') });
    expect(finished).toMatchObject({ code: 0 });
    expect((await second.run('apply')).code).toBe(0);
    expect(handlersIn(sandbox)).toEqual(WANTED);
  });
});
