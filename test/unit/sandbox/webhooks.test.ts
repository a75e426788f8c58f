import { describe, expect, it } from 'vitest';
import { callApi, makeWebhook, openSandbox, useSandbox } from '../../helpers/sandbox.js';

const WEBHOOK = {
  handler: 'https://my-webhook-url.com',
  trigger: 'create',
  callers: ['ms', 'publisher'],
  database: 1017,
};

async function refusalOf(response: Response): Promise<unknown> {
  return [response.status, await response.json()];
}

function refused(message: string): unknown {
  return [400, { error: { message } }];
}

describe('a webhook in the sandbox', () => {
  const sandbox = useSandbox();

  it('is made by POST with an empty 201 that has its id in headers only', async () => {
    const response = await callApi(sandbox(), 'POST', '/v3/webhooks', WEBHOOK);
    expect(response.status).toBe(201);
    expect(await response.text()).toBe('');
    expect(response.headers.get('X-Created')).toBe('1894');
    expect(response.headers.get('X-Location')).toBe(`${sandbox().url}/v3/webhook/1894`);
    expect(response.headers.get('Location')).toBeNull();
    expect(sandbox().account()).toMatchObject([{ ...WEBHOOK, id: 1894, collection: null }]);
  });

  it('is made twice by the same POST twice', async () => {
    await makeWebhook(sandbox(), WEBHOOK);
    await makeWebhook(sandbox(), WEBHOOK);
    expect(
      sandbox()
        .account()
        .map(({ id }) => id),
    ).toEqual([1894, 1895]);
  });

  it('is read with its id as a string and without database and collection', async () => {
    const id = await makeWebhook(sandbox(), WEBHOOK);
    const response = await callApi(sandbox(), 'GET', `/v3/webhook/${id}`);
    const { database: _, ...visible } = WEBHOOK;
    expect([response.status, await response.json()]).toEqual([200, { ID: '1894', ...visible }]);
  });

  it.each([
    ['left out', undefined],
    ['empty', []],
  ])('reads back as called by both when its callers were %s', async (_, callers) => {
    const id = await makeWebhook(sandbox(), { handler: 'https://a.example', trigger: 'open', callers });
    const response = await callApi(sandbox(), 'GET', `/v3/webhook/${id}`);
    expect(await response.json()).toMatchObject({ callers: ['ms', 'publisher'] });
  });

  it('is changed by PUT with a 303 whose Location holds the access token', async () => {
    const id = await makeWebhook(sandbox(), WEBHOOK);
    const changed = { handler: 'https://b.example', trigger: 'open', callers: ['ms'] };
    const response = await callApi(sandbox(), 'PUT', `/v3/webhook/${id}`, { ...changed, database: 7, collection: 'x' });
    expect([response.status, await response.text()]).toEqual([303, '']);
    expect(response.headers.get('Location')).toBe(`${sandbox().url}/v3/webhook/${id}?access_token=${sandbox().token}`);
    expect(sandbox().account()).toMatchObject([{ id, ...changed, database: 1017, collection: null }]);
  });

  it('is called by both after a PUT without callers', async () => {
    const id = await makeWebhook(sandbox(), { ...WEBHOOK, callers: ['ms'] });
    await callApi(sandbox(), 'PUT', `/v3/webhook/${id}`, { handler: WEBHOOK.handler, trigger: 'open' });
    expect(sandbox().account()).toMatchObject([{ callers: ['ms', 'publisher'] }]);
  });

  it('is removed by DELETE once, and answers GET with empty fields from then on', async () => {
    const id = await makeWebhook(sandbox(), WEBHOOK);
    const first = await callApi(sandbox(), 'DELETE', `/v3/webhook/${id}`);
    expect([first.status, first.headers.get('X-deleted'), await first.text()]).toEqual([200, 'webhook 1894', '']);
    const again = refused('This webhook has already been removed');
    expect(await refusalOf(await callApi(sandbox(), 'DELETE', `/v3/webhook/${id}`))).toEqual(again);
    expect(await refusalOf(await callApi(sandbox(), 'PUT', `/v3/webhook/${id}`, WEBHOOK))).toEqual(again);
    const read = await callApi(sandbox(), 'GET', `/v3/webhook/${id}`);
    expect([read.status, await read.json()]).toEqual([
      200,
      {
        ID: '1894',
        handler: '',
        trigger: '',
        callers: [],
        removed: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      },
    ]);
    expect(sandbox().account()).toEqual([]);
  });

  it.each([
    ['GET', '/v3/webhook/1', 'No entity with supplied ID'],
    ['PUT', '/v3/webhook/1', 'No entity with supplied ID'],
    ['DELETE', '/v3/webhook/nonsense', 'No entity with supplied ID'],
    ['GET', '/v3/database/1018/collections', 'No database with supplied ID'],
    ['GET', '/v3/webhooks', 'Invalid method'],
    ['POST', '/v3/webhook/1', 'Invalid method'],
    ['GET', '/v3/nothing', 'Invalid method'],
    ['GET', '/v5/identity', 'Invalid method'],
    ['GET', '/', 'Invalid method'],
  ])('is refused for %s %s with 400 "%s"', async (method, path, message) => {
    expect(await refusalOf(await callApi(sandbox(), method, path))).toEqual(refused(message));
  });

  it('is refused on every path without the right access token', async () => {
    for (const query of ['', '?access_token=', '?access_token=wrong']) {
      const response = await fetch(`${sandbox().url}/v3/webhook/1894${query}`);
      expect(await refusalOf(response)).toEqual(refused('Invalid access token'));
    }
  });

  it('may be made with a form body, as PHP writes lists', async () => {
    const body = new URLSearchParams([
      ['handler', 'https://a.example'],
      ['trigger', 'click'],
      ['callers[]', 'publisher'],
      ['database', '1017'],
    ]);
    const response = await fetch(`${sandbox().url}/v2/webhooks?access_token=${sandbox().token}`, {
      method: 'POST',
      body,
    });
    expect(response.status).toBe(201);
    expect(sandbox().account()).toMatchObject([{ trigger: 'click', callers: ['publisher'], database: 1017 }]);
  });

  it.each([
    ['no content type', null],
    ['another content type', 'text/plain'],
  ])('is refused when the body has %s', async (_, type) => {
    const headers = type === null ? undefined : { 'Content-Type': type };
    const body = new TextEncoder().encode(JSON.stringify(WEBHOOK));
    const url = `${sandbox().url}/v3/webhooks?access_token=${sandbox().token}`;
    const response = await fetch(url, { method: 'POST', body, ...(headers && { headers }) });
    expect(await refusalOf(response)).toEqual(refused('Invalid data provided'));
  });

  it('has an id above those that other tenants have taken, which are unknown here', async () => {
    await makeWebhook(sandbox(), WEBHOOK);
    sandbox().takeIds(5);
    expect(await makeWebhook(sandbox(), WEBHOOK)).toBe(1900);
    const theirs = await callApi(sandbox(), 'GET', '/v3/webhook/1897');
    expect(await refusalOf(theirs)).toEqual(refused('No entity with supplied ID'));
  });
});

describe('a sandbox that answers otherwise', () => {
  it('keeps the callers on a PUT without any', async () => {
    const sandbox = await openSandbox({ quirks: { putWithoutCallers: 'keeps' } });
    const id = await makeWebhook(sandbox, { ...WEBHOOK, callers: ['ms'] });
    await callApi(sandbox, 'PUT', `/v3/webhook/${id}`, { handler: WEBHOOK.handler, trigger: 'open' });
    expect(sandbox.account()).toMatchObject([{ trigger: 'open', callers: ['ms'] }]);
  });

  it.each([
    ['string', '1017'],
    ['number', 1017],
    ['null', null],
  ] as const)('shows the database as %s, and null where there is none', async (limits, database) => {
    const sandbox = await openSandbox({ quirks: { limits } });
    const id = await makeWebhook(sandbox, WEBHOOK);
    const response = await callApi(sandbox, 'GET', `/v3/webhook/${id}`);
    expect(await response.json()).toEqual({ ...WEBHOOK, ID: '1894', database, collection: null });
  });

  it('gives ids that fall', async () => {
    const sandbox = await openSandbox({ quirks: { ids: 'fall' } });
    const ids = [await makeWebhook(sandbox, WEBHOOK), await makeWebhook(sandbox, WEBHOOK)];
    expect(ids).toEqual([1894, 1893]);
  });

  it('lists webhooks in pages, without the removed ones', async () => {
    const sandbox = await openSandbox({ quirks: { list: 'envelope' } });
    for (let made = 0; made < 4; made += 1) await makeWebhook(sandbox, WEBHOOK);
    await callApi(sandbox, 'DELETE', '/v3/webhook/1895');
    const response = await callApi(sandbox, 'GET', '/v3/webhooks?start=1&limit=1');
    expect(await response.json()).toMatchObject({ start: 1, limit: 1, count: 1, total: 3, data: [{ ID: '1896' }] });
  });
});
