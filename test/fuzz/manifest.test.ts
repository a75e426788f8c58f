// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { ValidManifest } from '../../src/manifest/load.js';
import { formatProblem } from '../../src/output/problems.js';
import { CALLERS, TRIGGERS } from '../../src/webhook.js';
import { parse as parseManifest } from '../unit/manifest/manifests.js';
import { mutated } from './mutate.js';
import { BYTES_ON, runs } from './runs.js';

const TOKEN = 'token-of-an-account';
const env = { WEBHOOKS_A: 'x', COPERNICA_ACCESS_TOKEN: TOKEN, WEBHOOKS_COPY: TOKEN };
const HIDDEN = { variables: new Set<string>(), values: [TOKEN] };

const folder = new URL('../corpus/manifest/', import.meta.url);
const example = readFileSync(new URL('../../webhooks.example.yaml', import.meta.url));
const longList = readFileSync(new URL('long-list.yaml', folder));
const corpus = readdirSync(folder).map((name) => readFileSync(new URL(name, folder)));

/** What holds of every text: an answer, with a place and a harmless message where it is no, and no secret in it. */
function check(text: string): void {
  const parsed = parseManifest(text, env, HIDDEN);
  const problems = parsed.ok ? parsed.warnings : parsed.problems;
  expect(parsed.ok || problems.some(({ severity }) => severity === 'error')).toBe(true);
  expect(problems.length).toBeLessThanOrEqual(2_002);
  for (const problem of problems.slice(0, 20)) {
    const { line = 0, column = 0, message } = problem;
    expect([line > 0, column > 0, message === '']).toEqual([true, true, false]);
    expect(formatProblem(problem, { color: false }).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  }
  expect(JSON.stringify(parsed)).not.toContain(TOKEN);
  if (parsed.ok) checkSuccess(text, parsed.entries);
}

/** A success must be one for a second reader too: the library by itself, which knows nothing of manifests. */
function checkSuccess(text: string, entries: ValidManifest['entries']): void {
  const names = entries.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, spec } of entries) {
    expect(name).toMatch(/^[A-Za-z0-9._-]{1,100}$/);
    expect(spec.handler).toMatch(/^https?:\/\/[^\s\p{Cc}]+$/iu);
    expect(TRIGGERS).toContain(spec.trigger);
    for (const caller of spec.callers ?? []) expect(CALLERS).toContain(caller);
  }
  if (text.includes('$')) return;
  const written: unknown = parse(text, { merge: true, maxAliasCount: -1, logLevel: 'silent' });
  expect(written).toHaveProperty('webhooks');
  const { webhooks } = written as { webhooks: { name: string }[] | null };
  expect((webhooks ?? []).map(({ name }) => String(name))).toEqual(names);
}

/** Values that are right, nearly right, and of another kind altogether. */
const oddValue = fc.oneof(
  fc.constantFrom<unknown>(null, '', true, 0, -1, 1e308, Number.NaN, [], {}, [[]], ['ms', 'ms'], { a: { b: [] } }),
  fc.constantFrom<unknown>('create', 'ms', 'https://a.example', 'HTTPS://A.example/\u001b[2J', 'javascript:alert(1)'),
  fc.constantFrom<unknown>(
    'https://${WEBHOOKS_A}.example/${WEBHOOKS_COPY}',
    '${COPERNICA_ACCESS_TOKEN:-x}',
    '${A',
    '$${A}',
    '__proto__',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
);
const mostly = (right: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: oddValue });
const sly = fc.constantFrom(
  'https://${WEBHOOKS_A}.example/${WEBHOOKS_COPY}',
  'https://a.example/${COPERNICA_ACCESS_TOKEN:-x}',
);
const oddEntry = fc.record(
  {
    name: mostly(fc.stringMatching(/^[a-z]{1,3}$/)),
    handler: mostly(fc.oneof({ weight: 3, arbitrary: fc.webUrl() }, { weight: 1, arbitrary: sly })),
    trigger: mostly(fc.constantFrom(...TRIGGERS)),
    callers: mostly(fc.subarray([...CALLERS], { minLength: 1 })),
    database: mostly(fc.integer({ min: 1 })),
    collection: mostly(fc.integer({ min: 1 })),
  },
  { requiredKeys: ['name', 'handler', 'trigger'] },
);
const oddManifest = fc
  .tuple(fc.array(mostly(oddEntry), { maxLength: 6 }), fc.boolean(), oddValue)
  .map(([webhooks, withExtra, extra]) => ({ ...(withExtra ? { 'x-extra': extra } : {}), webhooks }));

describe('a manifest of odd entries', () => {
  it('is taken for what it says, or refused with a place', () => {
    const style = fc.constantFrom('block', 'flow', 'any' as const);
    fc.assert(
      fc.property(oddManifest, style, (manifest, collectionStyle) => {
        check(stringify(manifest, { collectionStyle, lineWidth: 0 } as never));
      }),
      runs(700),
    );
  });
});

describe('a manifest that was changed anywhere', () => {
  it('is taken for what it says, or refused with a place', () => {
    fc.assert(
      fc.property(mutated([example, ...corpus]), (bytes) => {
        check(bytes.toString('utf8'));
      }),
      runs(900),
    );
  });

  it('is so where a byte of the example is left out, and where it is cut off', () => {
    for (let index = 0; index < example.length; index += BYTES_ON) {
      check(Buffer.concat([example.subarray(0, index), example.subarray(index + 1)]).toString('utf8'));
      check(example.subarray(0, index).toString('utf8'));
    }
  });

  it('is so where a byte is left out of a list whose items refer to each other', () => {
    for (let index = 0; index < longList.length; index += BYTES_ON) {
      check(Buffer.concat([longList.subarray(0, index), longList.subarray(index + 1)]).toString('utf8'));
    }
  });
});
