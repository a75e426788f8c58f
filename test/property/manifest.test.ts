// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { formatProblem, githubAnnotation, problemJson } from '../../src/output/problems.js';
import { CALLERS, TRIGGERS, webhookKey } from '../../src/webhook.js';
import { tried } from '../helpers/night.js';
import { parse } from '../unit/manifest/manifests.js';

const TOKEN = 'token-of-an-account';
const ENV = { WEBHOOKS_SET: 'x', WEBHOOKS_COPY: TOKEN, COPERNICA_ACCESS_TOKEN: TOKEN };
const HIDDEN = { variables: new Set<string>(), values: [TOKEN] };
const parseManifest = (text: string) => parse(text, ENV, HIDDEN);

const ids = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const entries = fc
  .uniqueArray(
    fc.record(
      {
        name: fc.stringMatching(/^[A-Za-z0-9._-]{1,100}$/),
        handler: fc.webUrl({ withQueryParameters: true, validSchemes: ['https', 'http'] }),
        trigger: fc.constantFrom(...TRIGGERS),
        callers: fc.shuffledSubarray([...CALLERS], { minLength: 1 }),
        database: ids,
        collection: ids,
      },
      { requiredKeys: ['name', 'handler', 'trigger'] },
    ),
    { selector: ({ name }) => name, maxLength: 8 },
  )
  .map((list) => [...new Map(list.map((entry) => [webhookKey(entry), entry])).values()]);

describe('any valid manifest', () => {
  it('parses to what was written, in every style of YAML', () => {
    const styles = fc.record({
      collectionStyle: fc.constantFrom('any', 'block', 'flow'),
      defaultStringType: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_FOLDED'),
      indent: fc.integer({ min: 1, max: 8 }),
      // Folding is left out: yaml 2.9 writes `undefined` into some double-quoted texts that it folds.
      lineWidth: fc.constant(0),
    } as const);
    fc.assert(
      fc.property(entries, styles, fc.boolean(), (webhooks, style, idsAsText) => {
        const written = webhooks.map((entry) => ({
          ...entry,
          handler: entry.handler.replaceAll('${', '$${'),
          ...(idsAsText && entry.database !== undefined ? { database: String(entry.database) } : {}),
        }));
        const parsed = parseManifest(stringify({ webhooks: written }, { ...style, aliasDuplicateObjects: false }));
        const expected = webhooks.map(({ name, ...spec }) => ({ name, spec }));
        expect(parsed).toMatchObject({ ok: true });
        expect(parsed.ok && parsed.entries.map(({ name, spec }) => ({ name, spec }))).toEqual(expected);
      }),
      tried(300),
    );
  });
});

/** Pieces that YAML and this manifest give a meaning to. */
const pieces = fc.constantFrom(
  ...['webhooks:', '\n', '\n  - ', '\n    ', 'name: a', 'name: b', 'handler: ', 'https://e.com', 'http://10.0.0.1'],
  ...[
    'trigger: ',
    'create',
    'craete',
    'callers: ',
    '[ms]',
    '[',
    ']',
    '{',
    '}',
    ',',
    'database: ',
    '1017',
    '0x1',
    'null',
  ],
  ...[
    '&a ',
    '*a',
    '<<: *a',
    '<<: [*a, *a]',
    '? ',
    ': ',
    '- ',
    '|\n',
    '>\n',
    '"',
    "'",
    '\\',
    '#',
    ' #',
    '!x ',
    '!!str ',
  ],
  ...[
    '---\n',
    '...\n',
    '%YAML 1.1\n',
    '\t',
    '\r\n',
    '\0',
    '\u001b',
    '\ufeff',
    '\ud800',
    '日本',
    '\u202e',
    '__proto__: ',
  ],
  ...[
    '${WEBHOOKS_SET}',
    '${WEBHOOKS_UNSET}',
    '${WEBHOOKS_UNSET:-d}',
    '${WEBHOOKS_COPY}',
    '${',
    '$${',
    '${COPERNICA_ACCESS_TOKEN}',
    'x-a: ',
  ],
);
const texts = fc.oneof(
  fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join('')),
  fc
    .array(pieces, { maxLength: 20 })
    .map((parts) => `webhooks:\n  - name: a\n    handler: https://e.com\n    ${parts.join('')}`),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);

describe('any text at all', () => {
  it('is a manifest or has problems, each with a place in the text, and nothing is thrown', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const parsed = parseManifest(text);
        if (parsed.ok) {
          expect(parsed.warnings.every(({ severity }) => severity === 'warning')).toBe(true);
          return;
        }
        expect(parsed.problems.some(({ severity }) => severity === 'error')).toBe(true);
        const lines = text.replace(/^\ufeff/, '').split('\n');
        let before = 0;
        for (const { line = 0, column = 0, remedy } of parsed.problems) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(column).toBeGreaterThanOrEqual(1);
          expect(column).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
          expect(remedy).not.toBe('');
          const order = line * 1_000 + column;
          expect(order).toBeGreaterThanOrEqual(before);
          before = order;
        }
      }),
      tried(2_000),
    );
  });

  it('brings no control character and no credential into what is printed', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const parsed = parseManifest(text);
        const problems = parsed.ok ? parsed.warnings : parsed.problems;
        const printed = problems
          .flatMap((problem) => [formatProblem(problem, { color: false }), githubAnnotation(problem)])
          .join('\n');
        expect(printed.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        expect(printed + JSON.stringify(problems.map(problemJson))).not.toContain('token-of-an-account');
        expect(JSON.stringify(parsed)).not.toContain('token-of-an-account');
      }),
      tried(1_000),
    );
  });
});
