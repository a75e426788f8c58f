import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../../src/settings/schema.js';
import { parseNotifyUrl, secretsOfNotifyUrl } from '../../../src/settings/values.js';
import { resolveTexts } from '../../helpers/settings.js';

const SLACK = 'https://hooks.slack.com/services/T00000000/B00000000/abcdefghijklmnopqrstuvwx';

function goesTo(file: string, environment: Readonly<Record<string, string>> = {}) {
  const { resolved, problems } = resolveTexts({ file, environment });
  if (resolved === null) return problems.map(({ message }) => message);
  return resolved.accounts.map(({ settings }) => settings.notify ?? settings.notifyFile ?? null);
}

const accounts = (...own: string[]) =>
  `accounts:\n${own.map((keys, index) => `  - {name: a${index}, access-token-env: T${index}, state: s${index}, ${keys}}\n`).join('')}`;

describe('where notices go', () => {
  it.each([
    ['nowhere by default', '', {}, [null]],
    ['a variable', '', { COPERNICA_WEBHOOKS_NOTIFY: SLACK }, [SLACK]],
    ['a variable with the white space that shells add', '', { COPERNICA_WEBHOOKS_NOTIFY: `${SLACK}\n` }, [SLACK]],
    ['a file that a variable names', '', { COPERNICA_WEBHOOKS_NOTIFY_FILE: '/run/secrets/n' }, ['/run/secrets/n']],
    ['a variable before the settings file', 'notify-file: n', { COPERNICA_WEBHOOKS_NOTIFY: SLACK }, [SLACK]],
    [
      'an account’s own before a variable',
      accounts('notify-file: n', 'notify: off', 'prune: true'),
      { COPERNICA_WEBHOOKS_NOTIFY: SLACK },
      ['n', 'off', SLACK],
    ],
    [
      'an account’s own before the rest of the file',
      `notify: ${SLACK}\n${accounts('notify-file: n', 'prune: true')}`,
      {},
      ['n', SLACK],
    ],
  ])('is %s', (_title, file, environment, expected) => {
    expect(goesTo(file, environment as Record<string, string>)).toEqual(expected);
  });

  it.each([
    [
      'variables',
      '',
      { COPERNICA_WEBHOOKS_NOTIFY: SLACK, COPERNICA_WEBHOOKS_NOTIFY_FILE: 'n' },
      'both COPERNICA_WEBHOOKS_NOTIFY and COPERNICA_WEBHOOKS_NOTIFY_FILE say where notices go',
    ],
    ['keys', `notify: ${SLACK}\nnotify-file: n`, {}, 'both notify and notify-file say where notices go'],
    [
      'keys of an account',
      accounts(`notify: "${SLACK}", notify-file: n`),
      {},
      'both notify and notify-file say where notices go',
    ],
  ])('is refused when two %s of one place say it', (_title, file, environment, message) => {
    expect(goesTo(file, environment as Record<string, string>)).toEqual([message]);
  });

  it('has no flag, and is not quoted when it can’t be used', () => {
    expect([SETTINGS.notify.flag, SETTINGS.notifyFile.flag]).toEqual([undefined, undefined]);
    expect(goesTo('notify: http://hooks.example/secret-of-a-channel')).toEqual([
      "notify: the value (from settings.yaml:1) can't be used",
    ]);
  });

  it.each([
    [SLACK, SLACK],
    [` ${SLACK}\n`, SLACK],
    ['http://127.0.0.1:8080/x?key=y', 'http://127.0.0.1:8080/x?key=y'],
    ['http://[::1]/', 'http://[::1]/'],
    ['http://localhost', 'http://localhost'],
    ['off', 'off'],
    ['http://hooks.example/x', undefined],
    ['http://127.0.0.1.example.com/x', undefined],
    ['https://user@hooks.example/', undefined],
    ['https://user:password@hooks.example/', undefined],
    ['https://hooks.example/#x', undefined],
    ['https://hooks.example/a b', undefined],
    ['ftp://hooks.example/', undefined],
    ['hooks.example', undefined],
    ['', undefined],
  ])('%j is taken as %j', (text, url) => {
    expect(parseNotifyUrl(text)).toBe(url);
  });

  it('is secret as a whole, and in each part that is a key to it', () => {
    expect(secretsOfNotifyUrl(SLACK)).toContain('abcdefghijklmnopqrstuvwx');
    expect(
      secretsOfNotifyUrl('https://a.example/spaces/x/messages?key=short&token=a-very-long-token-of-a-space'),
    ).toEqual([
      'https://a.example/spaces/x/messages?key=short&token=a-very-long-token-of-a-space',
      'https://a.example/spaces/x/messages?key=short&token=a-very-long-token-of-a-space',
      'a-very-long-token-of-a-space',
    ]);
    expect(secretsOfNotifyUrl('not-a-url-but-secret')).toEqual(['not-a-url-but-secret']);
  });
});
