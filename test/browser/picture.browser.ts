import { copyFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { openSandbox } from '../helpers/sandbox.js';
import { startWithStatus } from '../helpers/status.js';
import { ARTIFACTS, launch, photograph, visit } from './chromium.js';

const PICTURE = fileURLToPath(new URL('../../docs/status-page.png', import.meta.url));
const LARGEST_BYTES = 150_000;

const ENTRIES = [
  { name: 'crm-profile-created', handler: 'https://hooks.example.com/crm/created', trigger: 'create', database: 1017 },
  { name: 'crm-profile-updated', handler: 'https://hooks.example.com/crm/updated', trigger: 'update', database: 1017 },
  { name: 'consent-unsubscribed', handler: 'https://consent.example.com/unsubscribed', trigger: 'unsubscribe' },
  { name: 'analytics-click', handler: 'https://hooks.example.com/analytics/click', trigger: 'click', callers: ['ms'] },
  { name: 'orders-updated', handler: 'https://orders.example.com/changed', trigger: 'update', collection: 42 },
];

/** The picture in the README. `UPDATE_DOCS=1 npm run test:browser -- picture` takes it anew. */
it('the status page can be shown to people who read the README', async () => {
  const identity = { id: '34', name: 'Development', description: '', company: 'Copernica BV' };
  const account = { token: 'token-of-the-account', identity };
  const sandbox = await openSandbox({ accounts: [account], faults: ['create@5:before:400*always'] });
  const place = await Workplace.open(sandbox);
  await place.manifest(ENTRIES);
  const { daemon, url } = await startWithStatus(place, '--init', '--concurrency', '1');
  await daemon.waitForOutput(/"reconciled in part/);
  const browser = await launch();
  try {
    const { page } = await visit(browser, url, { viewport: { width: 1240, height: 1000 } });
    expect(await page.locator('article h3').allTextContents()).toEqual([
      expect.stringContaining('1 webhook is not as the manifest says'),
    ]);
    await photograph(page, 'picture', false);
  } finally {
    await browser.close();
  }
  const taken = `${ARTIFACTS}status-picture.png`;
  if (process.env.UPDATE_DOCS === '1') await copyFile(taken, PICTURE);
  expect((await stat(PICTURE)).size).toBeLessThan(LARGEST_BYTES);
});
