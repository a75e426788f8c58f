import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';

export const ARTIFACTS = fileURLToPath(new URL('../../artifacts/', import.meta.url));
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** The Chromium of the system: that of CHROMIUM, or Debian's. */
export async function launch(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) {
    throw new Error(`there is no Chromium at ${CHROMIUM}: apt-get install chromium, or say where it is with CHROMIUM`);
  }
  // CI runs as root, where Chromium's own sandbox does not work; it sees this page alone.
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

export interface Visit {
  readonly page: Page;
  /** What the browser complained about, and what it asked of others. */
  readonly complaints: readonly string[];
}

/** Opens the page as the strictest reader does: its policy holds, and whatever it breaks is a complaint. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) complaints.push(request.url());
  });
  await page.goto(url);
  return { page, complaints };
}

/** Keeps what it looks like, for people. */
export async function photograph(page: Page, name: string, fullPage = true): Promise<void> {
  await mkdir(ARTIFACTS, { recursive: true });
  await page.screenshot({ path: `${ARTIFACTS}status-${name}.png`, fullPage });
}

/** What axe finds, each as one line. Its script needs to get past the page's policy. */
export async function violations(browser: Browser, url: string, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options, bypassCSP: true });
  try {
    const page = await context.newPage();
    await page.goto(url);
    // A page may ask for itself again where its reader can stop that (WCAG 2.2.1), which axe can't see.
    const found = await new AxeBuilder({ page }).disableRules('meta-refresh').analyze();
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`);
  } finally {
    await context.close();
  }
}

/** True when nothing sticks out to the right. */
export async function fitsInWidth(page: Page): Promise<boolean> {
  return (await page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth')) === true;
}
