import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../src/output/problems.js';
import { SETTINGS, type SettingKey } from '../../src/settings/schema.js';
import { resolveTexts } from '../helpers/settings.js';
import { mutated } from './mutate.js';
import { BYTES_ON, runs } from './runs.js';

const folder = new URL('../corpus/settings/', import.meta.url);
const documented = readFileSync(new URL('../../config/settings.yaml', import.meta.url));
/** The documented file with each line in force. */
const inForce = Buffer.from(documented.toString('utf8').replaceAll(/^#\s?([a-z-]+:)/gm, '$1'));
const accounts = Buffer.from(
  [
    'timeout: 10s',
    'accounts:',
    '  - {name: live, access-token-env: LIVE_TOKEN, file: live.yaml, state: live.jsonl}',
    '  - name: test',
    '    access-token-file: /run/secrets/test',
    '    file: test.yaml',
    '    state: test.jsonl',
    '    prune: true',
  ].join('\n'),
);
const corpus = readdirSync(folder).map((name) => readFileSync(new URL(name, folder)));

function check(text: string, environment: Readonly<Record<string, string>> = {}): void {
  const { resolved, problems } = resolveTexts({ environment, file: text });
  if (resolved !== null) {
    const names = resolved.accounts.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { settings } of resolved.accounts) {
      expect(settings.apiUrl).toMatch(/^(https:\/\/|http:\/\/(localhost|127\.|\[::1\]))/);
      expect(settings.concurrency).toBeGreaterThan(0);
    }
    return;
  }
  expect(problems.length).toBeGreaterThan(0);
  for (const problem of problems) {
    const shown = formatProblem(problem, { color: false });
    expect(shown.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(shown.length).toBeLessThan(2_000);
  }
}

describe('a settings file that was changed anywhere', () => {
  it('is taken for what it says, or refused with a message that says where', () => {
    fc.assert(
      fc.property(mutated([documented, inForce, accounts, ...corpus]), (bytes) => check(bytes.toString('utf8'))),
      runs(500),
    );
  });

  it('is so where a byte of a list of accounts is left out, and where it is cut off', () => {
    for (let index = 0; index < accounts.length; index += BYTES_ON) {
      check(Buffer.concat([accounts.subarray(0, index), accounts.subarray(index + 1)]).toString('utf8'));
      check(accounts.subarray(0, index).toString('utf8'));
    }
  });
});

describe('variables of any value', () => {
  it('are taken for settings or refused by name', () => {
    const keys = Object.keys(SETTINGS) as SettingKey[];
    const values = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('0', '-1', '1e9', 'true', 'off', 'http://127.0.0.1.evil.example', 'https://u:p@h', '* * * * *'),
      fc.constantFrom('99999999999999999999h', 'file:///etc/passwd', 'http://[::1]:1', '\u001b[2J', 'x'.repeat(10_000)),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), values), (given) => {
        const byName = Object.entries(given).map(([key, value]) => [SETTINGS[key as SettingKey].environment, value]);
        check('', Object.fromEntries(byName));
      }),
      runs(500),
    );
  });
});
