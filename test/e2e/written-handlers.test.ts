// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { makeWebhook, openSandbox } from '../helpers/sandbox.js';
import { startWithStatus } from '../helpers/status.js';

/** Stands in no output of any command, whatever it is part of. */
const MARKER = 'hunter22-of-the-handler';
const HANDLER = 'https://a.example/${WEBHOOKS_KEY}/x?key=${WEBHOOKS_KEY}';
const VALUE = `https://a.example/${MARKER}/x?key=${MARKER}`;
const A = { name: 'a', handler: HANDLER, trigger: 'create' };

async function openPlace(...faults: string[]) {
  const sandbox = await openSandbox({ faults });
  const place = await Workplace.open(sandbox);
  place.environment.WEBHOOKS_KEY = MARKER;
  await place.manifest([A]);
  const sent = () => sandbox.requests().filter(({ method }) => method !== 'GET');
  return { sandbox, place, sent };
}

/** The state as an earlier version wrote it, of a webhook that exists. */
async function openOldPlace() {
  const opened = await openPlace();
  await opened.place.manifest([{ ...A, handler: VALUE }]);
  await opened.place.run('apply', '--init');
  await opened.place.manifest([A]);
  return opened;
}

async function listed(place: Workplace) {
  return (await place.json('list')).document[0];
}

describe('a handler with variables', () => {
  it('is sent with their values and listed as the file writes it', async () => {
    const { sandbox, place } = await openPlace();
    expect((await place.run('apply', '--init')).code).toBe(0);
    expect(sandbox.account()).toMatchObject([{ handler: VALUE }]);
    expect(await listed(place)).toMatchObject({ handler: HANDLER });
  });

  it('follows the file in what is listed, without anything being sent', async () => {
    const { place, sent } = await openOldPlace();
    const before = await place.read('webhooks.state.jsonl');
    expect(await listed(place)).toMatchObject({ handler: VALUE });
    expect(await place.json('plan')).toMatchObject({ document: { summary: { none: 1, update: 0 } } });
    expect(await place.read('webhooks.state.jsonl')).toBe(before);
    expect(await place.json('apply')).toMatchObject({ code: 0, document: { summary: { none: 1, update: 0 } } });
    expect(await listed(place)).toMatchObject({ handler: HANDLER });
    const after = await place.read('webhooks.state.jsonl');
    expect((await place.run('apply')).code).toBe(0);
    expect([await place.read('webhooks.state.jsonl'), sent()]).toEqual([after, [expect.anything()]]);
  });

  it('is listed as the file writes it once its entry is renamed, updated or replaced', async () => {
    const { place, sent } = await openOldPlace();
    await place.manifest([{ ...A, name: 'b' }]);
    await place.run('apply');
    expect([await listed(place), sent()]).toMatchObject([{ name: 'b', handler: HANDLER }, [{}]]);
    const other = 'https://b.example/${WEBHOOKS_KEY}';
    await place.manifest([{ ...A, name: 'b', handler: other }]);
    await place.run('apply');
    expect(await listed(place)).toMatchObject({ handler: other });
    await place.manifest([{ ...A, name: 'b', database: 7 }]);
    await place.run('apply');
    expect(await listed(place)).toMatchObject({ handler: HANDLER, database: 7 });
  });

  it('is listed as the file writes it when a lost answer was found again', async () => {
    const { place } = await openPlace('create:after:504');
    const few = ['--settle', '0', '--scan-limit', '100'];
    expect(await place.json('apply', '--init', ...few)).toMatchObject({ code: 0 });
    expect(await listed(place)).toMatchObject({ id: 1894, handler: HANDLER });
  });

  it('is updated when only a value changed, and that is said', async () => {
    const { sandbox, place } = await openPlace();
    await place.run('apply', '--init');
    place.environment.WEBHOOKS_KEY = 'another-value';
    expect((await place.run('plan')).stdout).toContain(`handler: ${HANDLER} (the value of a variable changed)`);
    const { stdout } = await place.run('apply');
    expect(stdout).toContain('a (webhook 1894): the value of a variable changed');
    expect(sandbox.account()).toMatchObject([{ handler: 'https://a.example/another-value/x?key=another-value' }]);
    expect(await listed(place)).toMatchObject({ handler: HANDLER });
  });

  it('is known again when a webhook with that value is imported, and masked when it has another', async () => {
    const { sandbox, place } = await openPlace();
    const equal = await makeWebhook(sandbox, { handler: VALUE, trigger: 'create' });
    const other = await makeWebhook(sandbox, { handler: `${VALUE}&more=1`, trigger: 'create' });
    const first = await place.run('import', 'a', String(equal), '--init');
    expect([first.stdout, await listed(place)]).toMatchObject([
      expect.stringContaining(`a is now webhook ${equal}: create → ${HANDLER}\n`),
      { handler: HANDLER },
    ]);
    await place.run('forget', 'a');
    const second = await place.run('import', 'a', String(other));
    expect(second.stdout).toContain('create → https://a.example/***/x?***\n');
    expect((await place.run('plan')).stdout).toContain(`→ ${HANDLER}\n`);
  });
});

describe('the value of a variable in a handler', () => {
  const quoting = (status: number) => {
    const message = `The domain of ${VALUE} is not validated (${encodeURIComponent(MARKER)})`;
    return { kind: 'answer', status, body: JSON.stringify({ error: { message } }) } as const;
  };

  it('is in no output of the commands, nor where the API quotes the handler', async () => {
    const { sandbox, place } = await openPlace();
    sandbox.orderFault({ on: 'create', times: 2, reply: quoting(400) });
    const outputs: string[] = [];
    const run = async (...args: string[]) => {
      for (const form of [[], ['--json'], ...(args[0] === 'list' ? [] : [['--format', 'github']])]) {
        const { stdout, stderr } = await place.run(...args, ...form);
        outputs.push(stdout + stderr);
      }
    };
    await run('validate');
    await run('plan');
    await run('apply', '--init', '--log-level', 'trace');
    expect(outputs.join('')).toContain('is not validated (***)');
    await run('list');
    await run('discover');
    for (const { id } of sandbox.account()) sandbox.model.changeByHand(id, { handler: `${VALUE}&more=1` });
    sandbox.orderFault({ on: 'update', times: 3, reply: quoting(422) });
    await run('plan');
    await run('apply', '--log-level', 'trace');
    await place.manifest([{ ...A, trigger: 'crate' }, { ...A, name: 'b', handler: `${HANDLER} ` }, A]);
    await run('validate');
    for (const output of outputs) expect(output).not.toContain(MARKER);
  });

  it('is in nothing that the daemon logs, serves or reports', async () => {
    const { sandbox, place } = await openPlace();
    sandbox.orderFault({ on: 'create', times: 1, reply: quoting(404) });
    const { daemon, get, until } = await startWithStatus(place, '--init', '--log-level', 'trace');
    const served: string[] = [];
    const look = async () => {
      for (const path of ['/', '/status.json', '/metrics', '/healthz', '/readyz']) served.push((await get(path)).body);
    };
    await until(({ accounts }) => accounts[0]?.runs.length === 1);
    await look();
    expect(served.join('')).toContain('is not validated');
    await until(({ accounts }) => accounts[0]?.webhooks[0]?.status === 'created');
    await look();
    expect(served.at(-5)).toContain('https://a.example/${WEBHOOKS_KEY}/x?key=${WEBHOOKS_KEY}');
    daemon.kill('SIGTERM');
    const { stdout, stderr } = await daemon.finished;
    for (const output of [...served, stdout, stderr]) expect(output).not.toContain(MARKER);
  });

  it('that changed is told on the page of the daemon that updates it', async () => {
    const { place } = await openPlace();
    await place.run('apply', '--init');
    place.environment.WEBHOOKS_KEY = 'another-value';
    const { get, until } = await startWithStatus(place);
    await until(({ ready }) => ready);
    expect((await get('/')).body).toContain('update a: the value of a variable changed');
  });
});
