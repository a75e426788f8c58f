import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/manifest/limits.js';
import { readSettingsFile } from '../../../src/settings/file.js';
import { byDay, NIGHT } from '../../helpers/night.js';

const read = (text: string) => readSettingsFile({ path: 'settings.yaml', text });
const found = (text: string) => read(text).problems.map(({ line, column, message }) => `${line}:${column} ${message}`);

describe('a settings file that would cost too much', () => {
  it.each([
    ['open brackets', '['.repeat(500_000)],
    ['open braces', '{a: '.repeat(100_000)],
    ['dashes', '- '.repeat(100_000)],
    ['colons', ': '.repeat(100_000)],
  ])('is refused for its depth: %s', (_what, text) => {
    expect(found(text)).toEqual([expect.stringMatching(/^1:\d+ nested more than 20 levels deep$/)]);
  });

  it.each(
    byDay(1, [
      ['keys', Array.from({ length: 30_000 }, (_, index) => `k${index}: 1\n`).join('')],
      ['brackets', ']\n'.repeat(60_000)],
      ['comments', '#\n'.repeat(60_000)],
    ]),
  )('is refused for its size: %s', (_what, text) => {
    expect(found(text)).toEqual([expect.stringMatching(/^\d+:\d+ more than 100000 words and marks$/)]);
  });

  it('has a bounded list of problems', () => {
    const { problems } = read(Array.from({ length: LIMITS.problems + 2 }, (_, index) => `k${index}: 1\n`).join(''));
    expect(problems).toHaveLength(LIMITS.problems + 1);
    expect(problems.at(-1)).toMatchObject({ code: 'more-problems', file: 'settings.yaml' });
  });

  it('is not one of hundreds of accounts', () => {
    const many = NIGHT ? 1_000 : 300;
    const account = (index: number) =>
      `  - name: a${index}\n    file: a${index}.yaml\n    state: a${index}.jsonl\n    access-token-env: TOKEN_${index}\n`;
    const { accounts, problems } = read(
      `accounts:\n${Array.from({ length: many }, (_, index) => account(index)).join('')}`,
    );
    expect([accounts.length, problems]).toEqual([many, []]);
  });
});

describe('a key that stands twice', () => {
  it('is refused at its second place, in settings and in accounts', () => {
    expect(found('timeout: 1s\ntimeout: 2s\n')).toEqual([
      '2:1 "timeout" appears twice in one mapping; first at settings.yaml:1:1',
    ]);
    expect(found('accounts:\n- {name: a, name: b, access-token-env: T}\n')).toEqual([
      '2:13 "name" appears twice in one mapping; first at settings.yaml:2:4',
    ]);
  });
});

describe('aliases and merge keys', () => {
  it('stand for what accounts have in common', () => {
    const { accounts, problems } = read(
      'accounts:\n- &a {name: a, access-token-env: T, timeout: 5s}\n- {<<: *a, name: b, prune: true}\n',
    );
    const values = accounts.map(({ values }) => [...values].map(([name, { text }]) => `${name} ${text}`).sort());
    expect([values, problems]).toEqual([
      [
        ['access-token-env T', 'name a', 'timeout 5s'],
        ['access-token-env T', 'name b', 'prune true', 'timeout 5s'],
      ],
      [],
    ]);
  });
});

describe('a settings file that is no YAML', () => {
  it('is told of once, and what can be read of it is there all the same', () => {
    const { values, problems } = read('listen: 127.0.0.1:1\nstat: [\n');
    expect([values.get('listen')?.text, problems.map(({ code }) => code)]).toEqual([
      '127.0.0.1:1',
      ['settings-syntax'],
    ]);
  });
});
