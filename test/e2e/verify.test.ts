import { describe, expect, it } from 'vitest';
import type { FaultOrder } from '../../src/sandbox/model/faults.js';
import type { Quirks } from '../../src/sandbox/model/options.js';
import type { Sandbox } from '../../src/sandbox/server.js';
import { Workplace } from '../helpers/cli.js';
import { openSandbox } from '../helpers/sandbox.js';

const HANDLER = 'https://hooks.example.com/copernica?key=geheimnis';
const VERIFY = ['verify', '--handler', HANDLER, '--settle', '1ms'];

interface Row {
  readonly check: string;
  readonly status: string;
  readonly seen: string;
  readonly means: string | null;
  readonly durationMs: number | null;
}

interface Document {
  readonly account: object;
  readonly checks: readonly Row[];
  readonly summary: object;
  readonly errors: readonly { readonly code: string; readonly message: string }[];
}

async function verify(place: Workplace, ...more: string[]) {
  const { code, stdout, stderr } = await place.run(...VERIFY, '--json', ...more);
  const document = JSON.parse(stdout) as Document;
  return { code, document, seen: seenIn(document), output: `${stdout}${stderr}` };
}

function seenIn({ checks }: Document) {
  return Object.fromEntries(
    checks.map(({ check, status, seen }) => [check, status === 'ok' ? seen : `${status}: ${seen}`]),
  );
}

/** What `list` shows. */
async function listed(place: Workplace) {
  const { document } = await place.json('list');
  return Array.from(document, ({ name, id, status }) => ({ name, id, status }));
}

const USUAL = {
  'new-id': 'X-Created, X-Location',
  'read-new': 'as sent',
  'callers-left-out': 'ms, publisher',
  'scope-left-out': 'both not shown',
  list: 'there is none: 400',
  update: '303',
  'token-echo': 'the token is in it',
  'read-updated': 'ms',
  'update-callers-left-out': 'ms, publisher',
  delete: '200',
  'read-removed': '200 with "removed"',
  'delete-again': '400: no such webhook',
  'ids-rise': '1894, then 1895',
};

describe('verify', () => {
  it('says line by line what it saw, and leaves nothing behind', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    const { code, document, seen } = await verify(place, '--init');
    expect(seen).toEqual(USUAL);
    expect(document).toMatchObject({
      account: { id: '34', name: 'Sandbox', api: sandbox.url },
      apiVersion: '3',
      summary: { ok: 13, otherwise: 0, unseen: 0 },
      errors: [],
      warnings: [],
    });
    expect(document.checks.every(({ durationMs }) => durationMs !== null)).toBe(true);
    expect([code, sandbox.account(), await listed(place)]).toEqual([0, [], []]);
  });

  it('works on version 4, where the token is in no URL', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    const { code, seen } = await verify(place, '--init', '--api-version', '4', '--auth-url', sandbox.url);
    expect([code, seen]).toEqual([0, { ...USUAL, 'token-echo': 'the token is not in it' }]);
  });

  it('sends the rarest trigger alone, limits the second webhook to the database, and changes one field', async () => {
    const sandbox = await openSandbox({ quirks: { limits: 'string', list: 'envelope', putWithoutCallers: 'keeps' } });
    const place = await Workplace.open(sandbox);
    const { code, seen } = await verify(place, '--init', '--database', '1017');
    expect([code, seen]).toEqual([
      0,
      {
        ...USUAL,
        list: 'there is one, with ours',
        'scope-left-out': 'both null',
        'update-callers-left-out': 'ms',
        database: '1017, as text',
      },
    ]);
    const sent = sandbox.requests().flatMap(({ call, body }) => (body === '' ? [] : [{ call, ...JSON.parse(body) }]));
    expect(sent).toMatchObject([
      { call: 'create', trigger: 'failure' },
      { call: 'update', trigger: 'failure', callers: ['ms'] },
      { call: 'update', trigger: 'failure' },
      { call: 'create', trigger: 'failure', database: 1017 },
    ]);
    expect(sent.map(({ callers, database }) => [callers, database])).toEqual([
      [undefined, undefined],
      [['ms'], undefined],
      [undefined, undefined],
      [undefined, 1017],
    ]);
  });

  it('fits 80 columns for people', async () => {
    const place = await Workplace.open(await openSandbox({ faults: ['create@2:before:400', 'read@2:before:403'] }));
    const { code, stdout } = await place.run(...VERIFY, '--init');
    expect(code).toBe(1);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).toMatch(/^ok +PUT answers 204 or 303 +303 +\d+ ms$/m);
    expect(stdout).toMatch(/^otherwise +GET shows an update at once /m);
    expect(stdout).toMatch(/It means: a refresh sees drift/);
  });

  it('shows no secret, of whatever kind', async () => {
    const place = await Workplace.open(await openSandbox({ faults: ['update:before:400*always'] }));
    const { output } = await verify(place, '--init');
    const { stdout, stderr } = await place.run(...VERIFY, '--log-level', 'trace');
    const { stdout: list } = await place.run('list', '--json');
    for (const text of [output, stdout, stderr, list]) {
      expect(text).not.toContain('sandbox-access-token');
      expect(text).not.toContain('geheimnis');
    }
  });

  it('gives the state its first bound, so that a first create that is lost is found', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await verify(place, '--init');
    await place.manifest([{ name: 'a', handler: 'https://a.example/', trigger: 'create' }]);
    sandbox.orderFault('create:after:close');
    expect((await place.run('apply')).code).toBe(0);
    expect(await listed(place)).toEqual([{ name: 'a', id: 1896, status: 'created' }]);
    expect(sandbox.account()).toHaveLength(1);
  });

  it('is the same a second time, beside webhooks of a manifest, which it leaves alone', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await place.manifest([{ name: 'a', handler: HANDLER, trigger: 'failure' }]);
    await place.run('apply', '--init');
    for (const ids of ['1895, then 1896', '1897, then 1898']) {
      const { code, seen } = await verify(place);
      expect([code, seen['ids-rise']]).toEqual([0, ids]);
    }
    expect(await listed(place)).toEqual([{ name: 'a', id: 1894, status: 'created' }]);
    expect(await place.json('plan', '--detailed-exitcode')).toMatchObject({ code: 0 });
  });

  it('needs --init where there is no state, and a handler and a database that can be ones', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    expect(await place.json(...VERIFY)).toMatchObject({ code: 4, document: { errors: [{ code: 'state-missing' }] } });
    const bad = await place.json('verify', '--init', '--handler', 'ftp://a.example');
    expect(bad).toMatchObject({ code: 3, document: { errors: [{ code: 'bad-handler' }] } });
    const database = await place.json(...VERIFY, '--init', '--database', 'Customers');
    expect(database).toMatchObject({ code: 3, document: { errors: [{ code: 'bad-id' }] } });
    expect((await place.run('verify')).stderr).toContain("'--handler <url>'");
    expect(sandbox.requests().filter(({ call }) => call !== 'identity')).toEqual([]);
  });

  it('runs in the sandbox of its own, too', async () => {
    const place = await Workplace.open();
    expect((await place.run(...VERIFY, '--sandbox')).code).toBe(0);
  });
});

describe('verify, where the account is otherwise', () => {
  const live = (more: object) => ({
    kind: 'answer' as const,
    status: 200,
    body: JSON.stringify({ ID: '1894', handler: 'https://a.example/', trigger: 'failure', callers: [], ...more }),
  });
  const read = (nth: number, more: object): FaultOrder => ({ on: 'read', nth, reply: live(more) });
  const refused = (message: string) => ({
    kind: 'answer' as const,
    status: 400,
    body: JSON.stringify({ error: { message } }),
  });

  it.each<[string, FaultOrder | string | Partial<Quirks>, Record<string, string>, RegExp]>([
    [
      'a POST is answered without an id',
      'create:after:without-id',
      { 'new-id': 'otherwise: Copernica answered 201, but without the id of the new webhook' },
      /no create is confirmed by its answer/,
    ],
    [
      'a new webhook can’t be read',
      'read:before:403',
      { 'read-new': 'otherwise: Copernica answered 403: Refused with status 403' },
      /a lost create may not be found/,
    ],
    ['a new webhook reads differently', read(1, {}), { 'read-new': 'otherwise: another handler' }, /drift/],
    [
      'callers left out are one of them',
      read(1, { callers: ['ms'] }),
      { 'callers-left-out': 'otherwise: ms' },
      /a lost create without callers/,
    ],
    [
      'a webhook without a database shows one',
      read(1, { database: '5' }),
      { 'scope-left-out': 'otherwise: database text, collection not shown' },
      /a refresh replaces each webhook that has no database/,
    ],
    [
      'a PUT is answered in another way',
      'update:after:202*always',
      { update: 'otherwise: answered 202' },
      /an update never counts as done/,
    ],
    [
      'a PUT changes nothing',
      'update:before:204',
      { 'read-updated': 'otherwise: ms, publisher', update: '204' },
      /sends the update again at every run/,
    ],
    [
      'a DELETE is answered in another way',
      'delete:after:202*3',
      { delete: 'otherwise: answered 202' },
      /a deletion never counts as done/,
    ],
    [
      'a removed webhook reads as before',
      read(4, {}),
      { 'read-removed': 'otherwise: it is shown as if it was there' },
      /a removed webhook counts as alive/,
    ],
    [
      'a second DELETE is refused in other words',
      { on: 'delete', nth: 2, reply: refused('Nothing to do') },
      { 'delete-again': 'otherwise: Copernica answered 400: Nothing to do' },
      /a deletion whose answer was lost never counts as done/,
    ],
    ['ids do not rise', { ids: 'fall' }, { 'ids-rise': 'otherwise: 1894, then 1893' }, /can not be proved/],
    [
      'an answer names a webhook that was there before',
      { on: 'create', nth: 2, reply: { kind: 'answer', status: 201, headers: { 'X-Created': '7' } } },
      { 'ids-rise': expect.stringMatching(/^otherwise: the answer names webhook 7 .* not above 1894/) },
      /can not be proved/,
    ],
    [
      'the database reads as another',
      read(5, { ID: '1895', database: 5 }),
      { database: 'otherwise: 5, as number' },
      /a refresh replaces each webhook that has a database/,
    ],
  ])('ends with 1 and says what it means that %s', async (_title, otherwise, seen, means) => {
    const isQuirk = typeof otherwise === 'object' && !('on' in otherwise);
    const sandbox = await openSandbox(isQuirk ? { quirks: otherwise } : { faults: [otherwise] });
    const place = await Workplace.open(sandbox);
    const { code, document, seen: all } = await verify(place, '--init', '--database', '1017');
    expect([code, all]).toEqual([1, expect.objectContaining(seen)]);
    expect(document.checks.filter(({ means: text }) => text !== null && means.test(text))).not.toEqual([]);
    expect(document.errors).toContainEqual(
      expect.objectContaining({ code: 'verify-otherwise', message: expect.stringMatching(means) }),
    );
    await settles(sandbox, place);
  });

  it('takes a POST that is refused, and an outage, for nothing that was seen', async () => {
    const refusing = await openSandbox({ faults: [{ on: 'create', reply: refused('Domain is not validated') }] });
    const place = await Workplace.open(refusing);
    const { code, document, seen } = await verify(place, '--init');
    expect([code, seen['new-id']]).toEqual([1, 'unseen: Copernica answered 400: Domain is not validated']);
    expect(document.errors.map((error) => error.code)).toEqual(['verify-unseen']);
    expect(document.errors[0]?.message).toMatch(/^13 of 13 could not be seen; the first: .*Domain is not validated/);
  });
});

/** Whatever was left, an `apply` finds and deletes; the second, where no id but that of the first is known. */
async function settles(sandbox: Sandbox, place: Workplace): Promise<void> {
  sandbox.model.clearFaults();
  await place.manifest([{ name: 'a', handler: 'https://a.example/', trigger: 'create' }]);
  for (const _ of [1, 2]) await place.run('apply', '--settle', '1ms', '--scan-limit', '20');
  expect(sandbox.account().map(({ handler }) => handler)).toEqual(['https://a.example/']);
}

describe('verify, where something comes in between', () => {
  it('says that a POST was lost, and the next apply finds its webhook and deletes it', async () => {
    const sandbox = await openSandbox({ faults: ['create@2:after:close'] });
    const place = await Workplace.open(sandbox);
    const { code, document, seen } = await verify(place, '--init');
    expect([code, seen['new-id'], seen['ids-rise']]).toEqual([1, USUAL['new-id'], expect.stringMatching(/^unseen: /)]);
    expect(document.errors.map((error) => error.code)).toEqual(['verify-unseen', 'verify-left']);
    expect(await listed(place)).toEqual([{ name: 'verify:test', id: null, status: 'uncertain' }]);
    await place.write('webhooks.yaml', 'webhooks: []');
    expect((await place.run('plan')).stdout).not.toMatch(/orphaned|prune/);
    expect(await place.json('apply')).toMatchObject({
      code: 0,
      document: { changes: [{ name: 'verify:test', action: 'delete', id: 1895, result: 'done' }] },
    });
    expect([sandbox.account(), await listed(place)]).toEqual([[], []]);
  });

  it('waits for the pause after a lost answer, and then finds what was lost before it makes more', async () => {
    const sandbox = await openSandbox({ faults: ['create@2:after:close', 'read@5:before:403*always'] });
    const place = await Workplace.open(sandbox);
    await verify(place, '--init', '--settle', '1h');
    expect(await place.json(...VERIFY, '--settle', '1h')).toMatchObject({
      code: 1,
      document: { errors: [{ code: 'waits-for-uncertain' }] },
    });
    sandbox.model.clearFaults();
    const { code, seen } = await verify(place, '--settle', '1h');
    expect([code, seen]).toEqual([0, { ...USUAL, 'ids-rise': '1896, then 1897' }]);
    expect([sandbox.account(), await listed(place)]).toEqual([[], []]);
  });

  it('leaves a webhook that can’t be deleted to the next run, as one to be deleted without --prune', async () => {
    const sandbox = await openSandbox({ faults: ['delete:before:403*3'] });
    const place = await Workplace.open(sandbox);
    const { code, document } = await verify(place, '--init');
    expect([code, document.errors.map((error) => error.code)]).toEqual([
      1,
      ['verify-otherwise', 'verify-unseen', 'verify-left', 'verify-left'],
    ]);
    expect(await listed(place)).toEqual([
      { name: 'verify:test', id: 1894, status: 'deleting' },
      { name: 'verify:test', id: 1895, status: 'deleting' },
    ]);
    await place.manifest([{ name: 'a', handler: 'https://a.example/', trigger: 'create' }]);
    const { stdout: plan } = await place.run('plan');
    expect(plan).toMatch(/- delete +verify:test +webhook 1894: still to be deleted/);
    expect(plan).not.toContain('orphaned');
    expect((await place.run('discover', '--from', '1890', '--to', '1900')).stdout).not.toContain('verify:test');
    expect((await place.run('apply')).code).toBe(0);
    expect(sandbox.account().map(({ handler }) => handler)).toEqual(['https://a.example/']);
  });

  it('is passed by for what looks like it: its handlers are no others', async () => {
    const sandbox = await openSandbox({ faults: ['create@2:before:close'] });
    const place = await Workplace.open(sandbox);
    await verify(place, '--init');
    const byHand = sandbox.model.createByHand({ handler: HANDLER, trigger: 'failure' }, Date.now());
    await place.write('webhooks.yaml', 'webhooks: []');
    await place.run('apply');
    expect(sandbox.account().map(({ id }) => id)).toEqual([byHand?.id]);
  });
});
