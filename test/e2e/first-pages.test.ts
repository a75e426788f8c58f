import { expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { blocksOf, readPage, sectionOf, stepsOf } from '../helpers/page.js';
import { openSandbox } from '../helpers/sandbox.js';
import { typed } from '../helpers/typed.js';

const ACCOUNT = {
  token: 'token-of-the-account',
  identity: { id: '34', name: 'Development', description: '', company: 'Copernica BV' },
};

const BEFORE = `webhooks:
  - name: consent-unsubscribed
    handler: https://old.example/unsubscribed
    trigger: unsubscribe
  - name: analytics-click
    handler: https://my-webhook-url.com/clicks
    trigger: click
    database: 1017
  - name: old-bounces
    handler: https://my-webhook-url.com/bounces
    trigger: bounce
`;

const AFTER = `webhooks:
  - name: crm-profile-created
    handler: https://my-webhook-url.com
    trigger: create
    database: 1017
  - name: consent-unsubscribed
    handler: https://my-webhook-url.com/unsubscribed
    trigger: unsubscribe
  - name: analytics-click
    handler: https://my-webhook-url.com/clicks
    trigger: click
    database: 1018
`;

it('the README shows the plan that is printed', async () => {
  const place = await Workplace.open(await openSandbox({ accounts: [ACCOUNT] }));
  await place.write('webhooks.yaml', BEFORE);
  expect((await place.run('apply', '--init')).code).toBe(0);
  await place.write('webhooks.yaml', AFTER);
  const [plan, ...more] = stepsOf(readPage('../README.md'));
  expect(more).toEqual([]);
  expect(await typed(place, plan)).toBe(0);
});

/** An account with the webhooks of docs/adopting.md, made by hand. */
async function openByHand() {
  const sandbox = await openSandbox({ accounts: [ACCOUNT] });
  sandbox.model.createByHand({ handler: 'https://hooks.example.com/profiles', trigger: 'create' }, Date.now());
  const orders = { handler: 'https://hooks.example.com/orders', trigger: 'update', database: 1017 } as const;
  sandbox.model.createByHand(orders, Date.now());
  const place = await Workplace.open(sandbox);
  place.environment.COPERNICA_WEBHOOKS_LOG_LEVEL = 'error';
  return { sandbox, place, before: sandbox.account() };
}

it('docs/adopting.md takes over webhooks that were made by hand, and changes nothing', async () => {
  const page = readPage('adopting.md');
  const { sandbox, place, before } = await openByHand();
  const [print, take, confirm, plan, ...more] = stepsOf(page);
  expect(more).toEqual([]);
  expect(await typed(place, print)).toBe(0);
  const [manifest = ''] = blocksOf(sectionOf(page, '2. Edit the manifest'), 'yaml');
  await place.write('webhooks.yaml', manifest);
  for (const step of [take, confirm, plan]) expect(await typed(place, step)).toBe(0);
  expect(sandbox.account()).toEqual(before);
});

it('docs/adopting.md does so beside a daemon that began with an empty manifest', async () => {
  const page = readPage('adopting.md');
  const { sandbox, place, before } = await openByHand();
  await place.write('webhooks.yaml', 'webhooks: []\n');
  expect((await place.run('apply', '--init')).code).toBe(0);
  const [, ...words] = /main\.js (discover .*) >/.exec(sectionOf(page, 'Beside a daemon'))?.[1]?.split(' ') ?? [];
  expect((await place.run('discover', ...words)).code).toBe(0);
  const [manifest = ''] = blocksOf(sectionOf(page, '2. Edit the manifest'), 'yaml');
  await place.write('webhooks.yaml', manifest);
  const { code, stderr } = await place.run('apply');
  expect([code, stderr]).toEqual([4, expect.stringContaining('"import orders-changed 1895" takes it over')]);
  expect((await place.run('import', 'orders-changed', '1895')).code).toBe(0);
  expect((await place.run('plan', '--detailed-exitcode')).stdout).toContain('\nNothing to do: 2 unchanged\n');
  expect(sandbox.account()).toEqual(before);
});
