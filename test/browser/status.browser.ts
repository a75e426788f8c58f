import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { openSandbox } from '../helpers/sandbox.js';
import { startProcessWithStatus } from '../helpers/status.js';
import { fitsInWidth, launch, photograph, violations, visit } from './chromium.js';

const DARK = { colorScheme: 'dark' } as const;
const PHONE = { viewport: { width: 360, height: 740 } } as const;

const ENTRIES = [
  {
    name: 'crm-profile-created',
    handler: 'https://hooks.example.com/crm/created?key=geheim',
    trigger: 'create',
    database: 1017,
  },
  { name: 'consent-unsubscribed', handler: 'https://hooks.example.com/consent', trigger: 'unsubscribe' },
  { name: 'analytics-click', handler: 'https://hooks.example.com/analytics/click', trigger: 'click', callers: ['ms'] },
  {
    name: 'orders-updated',
    handler: 'https://hooks.example.com/orders',
    trigger: 'update',
    database: 1017,
    collection: 42,
  },
];

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** A daemon against its own sandbox that has made these. */
async function made(entries: readonly object[], ...args: string[]) {
  const place = await Workplace.open();
  await place.manifest(entries);
  const served = await startProcessWithStatus(place, '--sandbox', ...args);
  await served.daemon.waitForOutput(/"reconciled/);
  return { place, ...served };
}

/** Looks at the page in every way that people do: it fits, asks nobody for anything, and axe has nothing to say. */
async function lookAt(url: string, name: string): Promise<void> {
  const ways = { '': {}, '-dark': DARK, '-phone': PHONE };
  for (const [suffix, options] of Object.entries(ways)) {
    const { page, complaints } = await visit(browser, url, options);
    await photograph(page, name + suffix);
    expect([name + suffix, await fitsInWidth(page), complaints]).toEqual([name + suffix, true, []]);
    expect(await violations(browser, url, options)).toEqual([]);
  }
}

describe('the status page in Chromium', () => {
  it('is empty where the manifest asks for nothing', async () => {
    const place = await Workplace.open();
    await place.write('webhooks.yaml', 'webhooks: []\n');
    const { daemon, url } = await startProcessWithStatus(place, '--sandbox');
    await daemon.waitForOutput(/"reconciled/);
    await lookAt(url, 'empty');
  });

  it('says at a glance that all is well', async () => {
    const { url } = await made(ENTRIES);
    await lookAt(url, 'all-well');
  });

  it('shows a broken manifest with its frame', async () => {
    const { place, daemon, url } = await made(ENTRIES);
    const broken = '  - name: new-one\n    hanlder: https://hooks.example.com/new\n    trigger: creat\n';
    await place.write('webhooks.yaml', `webhooks:\n${broken}`);
    await daemon.waitForOutput(/last good one stays in force/);
    await lookAt(url, 'broken-manifest');
  });

  it('shows what is uncertain and what failed, and what to do about it', async () => {
    const sandbox = await openSandbox({ faults: ['create@2:before:close', 'create@3:before:400*always'] });
    const place = await Workplace.open(sandbox);
    await place.manifest(ENTRIES);
    const { daemon, url } = await startProcessWithStatus(place, '--init', '--concurrency', '1');
    await daemon.waitForOutput(/"reconciled in part/);
    await lookAt(url, 'uncertain');
  });

  it('shows several accounts, one of which could not begin', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open();
    Object.assign(place.environment, { COPERNICA_API_URL: sandbox.url, LIVE_TOKEN: sandbox.token });
    await place.manifest(ENTRIES);
    const accounts = ['live', 'test'].map((name) => {
      return `  - {name: ${name}, access-token-env: ${name.toUpperCase()}_TOKEN, state: ${name}.jsonl}`;
    });
    await place.write('settings.yaml', `accounts:\n${accounts.join('\n')}\n`);
    const { daemon, url } = await startProcessWithStatus(place, '--config', 'settings.yaml', '--init');
    await daemon.waitForOutput(/"account":"live".*reconciled/);
    await daemon.waitForOutput(/"account":"test".*is not managed/);
    await lookAt(url, 'accounts');
  });

  it('shows a thousand webhooks in pages, filtered and sorted by links, without JavaScript', async () => {
    const entries = Array.from({ length: 1_000 }, (_, index) => ({
      name: `webhook-${String(index).padStart(4, '0')}`,
      handler: `https://hooks.example.com/${index}`,
      trigger: index % 2 === 0 ? 'create' : 'update',
    }));
    const { url } = await made(entries, '--concurrency', '10');
    const { page, complaints } = await visit(browser, url, { javaScriptEnabled: false });
    await photograph(page, '1000-rows', false);
    expect(await page.locator('table.webhooks tbody tr').count()).toBe(100);
    await page.getByRole('link', { name: 'Next' }).click();
    expect(new URL(page.url()).search).toBe('?page=2');
    await page.getByRole('searchbox', { name: 'Text' }).fill('webhook-099');
    await page.getByRole('combobox', { name: 'Trigger' }).selectOption('update');
    await page.getByRole('button', { name: 'Filter' }).press('Enter');
    expect(await page.locator('table.webhooks caption').textContent()).toMatch(/1 to 5 of 5, out of 1,000/);
    await page.getByRole('link', { name: 'Name' }).click();
    await page.getByRole('link', { name: 'Name' }).click();
    expect(await page.locator('table.webhooks tbody th').first().textContent()).toBe('webhook-0999');
    expect(await page.locator('th[aria-sort=descending]').count()).toBe(1);
    await photograph(page, '1000-rows-filtered');
    expect(complaints).toEqual([]);
    expect(await violations(browser, url)).toEqual([]);
  });

  it('asks for itself again, until it is told to stop', async () => {
    const { url } = await made(ENTRIES);
    const { page, complaints } = await visit(browser, url, { javaScriptEnabled: false });
    const again = page.locator('meta[http-equiv=refresh]');
    expect(await again.count()).toBe(1);
    await page.getByRole('link', { name: 'stop' }).click();
    expect([await again.count(), new URL(page.url()).search]).toEqual([0, '?refresh=0']);
    await page.getByRole('button', { name: 'Filter' }).click();
    expect(await again.count()).toBe(0);
    await page.getByRole('link', { name: 'refresh every' }).click();
    expect([await again.count(), complaints]).toEqual([1, []]);
  });

  it('is used by keyboard: the first stop leads past the head to the table', async () => {
    const { url } = await made(ENTRIES);
    const { page } = await visit(browser, url);
    await page.keyboard.press('Tab');
    await photograph(page, 'keyboard', false);
    await page.keyboard.press('Enter');
    expect(new URL(page.url()).hash).toBe('#webhooks');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.name')).toBe('q');
  });
});
