// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import * as z from 'zod';
import { manifestJsonSchema } from '../../../src/manifest/json-schema.js';
import { CALLERS, TRIGGERS } from '../../../src/webhook.js';
import { parse } from './manifests.js';

const schema = manifestJsonSchema();
const accepts = (value: unknown) => z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema).safeParse(value).success;
const entry = { name: 'a', handler: 'https://example.com', trigger: 'create' };

describe('the JSON Schema', () => {
  it('is the one in config/webhooks.schema.json (mend: node dist/main.js schema > config/webhooks.schema.json, format)', async () => {
    const file = new URL('../../../config/webhooks.schema.json', import.meta.url);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(schema);
  });

  it('says what it is', () => {
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'urn:copernica-webhooks:manifest',
      title: 'Manifest of copernica-webhooks',
      additionalProperties: false,
    });
  });

  it('explains every field and knows every trigger and caller, for completion in editors', () => {
    const text = JSON.stringify(schema);
    for (const word of [...TRIGGERS, ...CALLERS]) expect(text).toContain(JSON.stringify(word));
    const { properties } = (schema as { properties: { webhooks: { items: { properties: object } } } }).properties
      .webhooks.items;
    expect(Object.keys(properties)).toEqual([
      'name',
      'handler',
      'trigger',
      'callers',
      'database',
      'collection',
      'was',
      'protect',
    ]);
    for (const property of Object.values(properties)) {
      expect(property).toMatchObject({ title: expect.any(String), description: expect.any(String) });
    }
  });

  it.each([
    ['an entry', { webhooks: [entry] }],
    ['no entries', { webhooks: [] }],
    ['all fields', { webhooks: [{ ...entry, callers: ['ms'], database: 1017, collection: '42' }] }],
    [
      'variables',
      {
        webhooks: [
          {
            name: 'a-${WEBHOOKS_B}',
            handler: '${WEBHOOKS_H}',
            trigger: '${WEBHOOKS_T}',
            callers: ['${WEBHOOKS_C}'],
            database: '${WEBHOOKS_D}',
          },
        ],
      },
    ],
    ['names', { webhooks: [{ ...entry, database: 'Customers', collection: 'Orders 2024' }] }],
    ['a field for anchors', { 'x-base': { any: ['thing'] }, webhooks: [] }],
  ])('takes %s', (_what, value) => {
    expect(accepts(value)).toBe(true);
  });

  it.each([
    ['nothing', {}],
    ['a list', [entry]],
    ['another field', { webhooks: [], other: 1 }],
    ['another field of an entry', { webhooks: [{ ...entry, databse: 1 }] }],
    ['a missing field', { webhooks: [{ name: 'a', handler: 'https://example.com' }] }],
    ['a bad name', { webhooks: [{ ...entry, name: 'a b' }] }],
    ['a variable of another name', { webhooks: [{ ...entry, handler: '${HOOK}' }] }],
    ['another scheme', { webhooks: [{ ...entry, handler: 'ftp://example.com' }] }],
    ['an unknown trigger', { webhooks: [{ ...entry, trigger: 'craete' }] }],
    ['callers outside of a list', { webhooks: [{ ...entry, callers: 'ms' }] }],
    ['an empty list of callers', { webhooks: [{ ...entry, callers: [] }] }],
    ['an id of zero', { webhooks: [{ ...entry, database: 0 }] }],
    ['digits that are no id', { webhooks: [{ ...entry, database: '10 17' }] }],
    ['no value', { webhooks: [{ ...entry, database: null }] }],
  ])('refuses %s', (_what, value) => {
    expect(accepts(value)).toBe(false);
  });
});

describe('the example', () => {
  it('is valid without warnings, by itself and by the schema that its first line names', async () => {
    const root = new URL('../../../', import.meta.url);
    const text = await readFile(new URL('webhooks.example.yaml', root), 'utf8');
    expect(parse(text)).toMatchObject({ ok: true, warnings: [] });
    expect(accepts(parseYaml(text))).toBe(true);
    const named = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text)?.[1] ?? '';
    expect(JSON.parse(await readFile(new URL(named, root), 'utf8'))).toEqual(schema);
  });

  it('holds the vendor’s own example', async () => {
    const text = await readFile(new URL('../../../webhooks.example.yaml', import.meta.url), 'utf8');
    const parsed = parse(text);
    expect(parsed.ok && parsed.entries[0]).toMatchObject({
      name: 'crm-profile-created',
      spec: {
        handler: 'https://my-webhook-url.com',
        trigger: 'create',
        callers: ['ms', 'publisher'],
        database: 1017,
      },
    });
  });
});
