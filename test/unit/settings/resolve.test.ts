import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MOST_IDS } from '../../../src/recovery/duplicates.js';
import { SETTINGS, settingsSchema } from '../../../src/settings/schema.js';
import {
  formatDuration,
  formatListen,
  parseApiUrl,
  parseDuration,
  parseHostNames,
  parseListen,
} from '../../../src/settings/values.js';
import { HIGHEST_WEBHOOK_ID } from '../../../src/webhook.js';
import { resolveTexts, type SettingsTexts } from '../../helpers/settings.js';

const PATH = 'config/settings.yaml';
const resolve = (texts: SettingsTexts) => resolveTexts({ path: PATH, ...texts }).resolved;
const problems = (texts: SettingsTexts) => resolveTexts({ path: PATH, ...texts }).problems;

describe('settings', () => {
  it('take a flag before the environment before the file before the default', () => {
    const file = 'concurrency: 7\ntimeout: 7s\nschedule: "7 * * * *"';
    const environment = { COPERNICA_WEBHOOKS_CONCURRENCY: '6', COPERNICA_WEBHOOKS_TIMEOUT: '6s' };
    const resolved = resolve({ file, environment, flags: { concurrency: '5' } });
    expect(resolved).toMatchObject({
      common: { settings: { concurrency: 5, timeoutMs: 6_000, schedule: '7 * * * *', file: 'webhooks.yaml' } },
    });
  });

  it('take an empty environment variable for one that is not set', () => {
    expect(resolve({ environment: { COPERNICA_WEBHOOKS_CONCURRENCY: '' } })).toMatchObject({
      common: { settings: { concurrency: 4 } },
    });
  });

  it('complain about everything that can’t be used at once, with where it came from and what would be', () => {
    expect(
      problems({
        flags: { concurrency: '0' },
        environment: { COPERNICA_WEBHOOKS_TIMEOUT: '30' },
        file: 'log-level: loud\nstat: x\npoll:\n',
      }).map(({ message, remedy, line }) => `${line ?? '-'} ${message} / ${remedy}`),
    ).toEqual([
      '2 unknown setting "stat" / did you mean state?',
      '3 poll has no value / give a value or leave the key out',
      '- concurrency: "0" (from flag --concurrency) can\'t be used / give a whole number from 1 to 100',
      '- timeout: "30" (from environment variable COPERNICA_WEBHOOKS_TIMEOUT) can\'t be used / give a duration such as 500ms, 30s or 5m, at least 100ms and at most 24h',
      '1 log-level: "loud" (from config/settings.yaml:1) can\'t be used / give trace, debug, info, warn, error, silent',
    ]);
  });

  it('suggest the choice that is close', () => {
    const [problem] = problems({ environment: { COPERNICA_WEBHOOKS_LOG_LEVEL: 'debgu' } });
    expect(problem?.remedy).toBe('did you mean debug? give trace, debug, info, warn, error, silent');
  });

  it.each([
    ['COPERNICA_API_URL', 'https://user:hunter2@api.copernica.com'],
    ['COPERNICA_AUTH_URL', 'https://hunter2@api.copernica.com/'],
    ['COPERNICA_API_URL', 'https://api.copernica.com?access_token=hunter2'],
    ['COPERNICA_WEBHOOKS_LISTEN', 'user:hunter2@127.0.0.1:9465'],
    ['COPERNICA_WEBHOOKS_NOTIFY', 'http://hooks.example/hunter2'],
  ])('are not quoted where %s may hold a secret', (variable, value) => {
    const name = Object.values(SETTINGS).find(({ environment }) => environment === variable)?.name ?? '';
    for (const found of [problems({ environment: { [variable]: value } }), problems({ file: `${name}: "${value}"` })]) {
      expect(found).toMatchObject([
        { code: 'bad-setting', message: expect.stringContaining(`${name}: the value (from`) },
      ]);
      expect(JSON.stringify(found)).not.toContain('hunter2');
    }
  });

  it('show of the file what can’t be used, and nothing else of its line', () => {
    const file =
      'log-level: loud # hunter2\naccounts: [{name: a, access-token-env: hunter2, prune: 3, acess-token: hunter2}]';
    const found = problems({ file });
    expect(found.map(({ line, column }) => `${line}:${column}`)).toEqual(['2:59', '1:12', '2:56']);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });

  it.each(['a: [', 'concurrency: 1\nconcurrency: 2', '- a', 'concurrency: [1]'])(
    'refuse the settings file %j with a place',
    (file) => {
      const found = problems({ file });
      expect(found.length).toBeGreaterThan(0);
      for (const problem of found)
        expect(problem).toMatchObject({ file: 'config/settings.yaml', line: expect.any(Number) });
    },
  );

  it('are all in the settings file of the repository, with their defaults', () => {
    const text = readFileSync(new URL('../../../config/settings.yaml', import.meta.url), 'utf8');
    expect(resolve({ file: text })).toMatchObject({ common: { settings: expectedDefaults() } });
    for (const { name } of Object.values(SETTINGS)) expect(text).toMatch(new RegExp(`^(# )?${name}: `, 'm'));
  });
});

function expectedDefaults() {
  const defaults = Object.entries(SETTINGS).map(([key, setting]) => [key, setting.default] as const);
  return Object.fromEntries(defaults.filter(([, value]) => value !== undefined));
}

describe('durations', () => {
  it.each([
    ['0', 0],
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['24h', 86_400_000],
  ])('%s is %i ms, and back', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
    expect(parseDuration(formatDuration(ms))).toBe(ms);
  });

  it.each(['', '5', '-1s', '1.5s', '25h', '1d', ' 1s', '1 s'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('the API host', () => {
  it.each([
    ['https://api.copernica.com', 'https://api.copernica.com'],
    ['https://proxy.example/copernica/', 'https://proxy.example/copernica'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://[::1]:8080/', 'http://[::1]:8080'],
    ['http://localhost:1', 'http://localhost:1'],
  ])('%s is taken', (text, url) => {
    expect(parseApiUrl(text)).toBe(url);
  });

  it.each([
    'http://api.copernica.com',
    'http://127.0.0.1.example.com',
    'https://user:secret@api.copernica.com',
    'https://api.copernica.com?access_token=x',
    'ftp://x',
    'api.copernica.com',
  ])('%s is refused: the token would go there', (text) => {
    expect(parseApiUrl(text)).toBeUndefined();
  });
});

describe('allowed hosts', () => {
  it.each([
    ['names with commas', 'allowed-hosts: A.example., b_1\n'],
    ['a list', 'allowed-hosts: [a.example, b_1]\n'],
  ])('are %s, in lower case and without a dot at the end', (_how, file) => {
    expect(resolve({ file })).toMatchObject({ common: { settings: { allowedHosts: ['a.example', 'b_1'] } } });
  });

  it.each(['', 'a..b', 'a.example:80', 'http://a.example', '*.example', 'a b', '-a'])('%j is none', (text) => {
    expect(parseHostNames(text)).toBeUndefined();
  });
});

describe('where the status server listens', () => {
  it.each([
    ['127.0.0.1:9465', { host: '127.0.0.1', port: 9465 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['status.internal-1.example:80', { host: 'status.internal-1.example', port: 80 }],
    ['[::1]:9465', { host: '::1', port: 9465 }],
    [':65535', { host: null, port: 65_535 }],
  ])('%s is taken, and written back the same', (text, address) => {
    expect(parseListen(text)).toEqual(address);
    expect(formatListen(address)).toBe(text);
  });

  it('off means nowhere', () => {
    expect(parseListen('off')).toBe('off');
  });

  it.each([
    '',
    '9465',
    'localhost',
    'localhost:',
    ':65536',
    ':-1',
    '::1:9465',
    '[::1]',
    '[zz]:1',
    'http://localhost:1',
    'a b:1',
    '127.1:1',
    '256.0.0.1:1',
    'user@host:1',
    // In time that does not double with each letter.
    `${'a'.repeat(250)}!:1`,
    'OFF',
  ])('%j is refused', (text) => {
    expect(parseListen(text)).toBeUndefined();
  });
});

describe('the scan limit', () => {
  it('ends no range of ids where counting stalls', () => {
    const counted = Number.MAX_SAFE_INTEGER - HIGHEST_WEBHOOK_ID;
    expect(settingsSchema.shape.scanLimit.safeParse(String(counted)).success).toBe(false);
    expect(MOST_IDS).toBeLessThan(counted);
  });
});
