import { describe, expect, it } from 'vitest';
import { manifestJsonSchema } from '../../../src/manifest/json-schema.js';
import { blocksOf, readPage, rowsOf, sectionOf } from '../../helpers/page.js';
import { parse } from '../manifest/manifests.js';
import { fieldsOf } from './schema-fields.js';

const PAGE = readPage('manifest.md');
const SCHEMA = manifestJsonSchema();
const FIELDS = fieldsOf(SCHEMA, 0);
const ENTRY = 'webhooks[].';
const ofEntries = FIELDS.filter(({ path }) => path.startsWith(ENTRY));
const beside = FIELDS.filter(({ path }) => !path.includes('.'));

/** What a row shows as its example. */
function exampleIn(text: string): string {
  return /`([^`]+)` $/.exec(text)?.[1] ?? '';
}

describe('docs/manifest.md', () => {
  it('has a row for every field of the JSON Schema, and for no other', () => {
    const named = (heading: string) => rowsOf(sectionOf(PAGE, heading)).flatMap(({ names }) => names);
    expect(named('Fields of an entry')).toEqual(ofEntries.map(({ path }) => path.slice(ENTRY.length)));
    expect(named('Beside the entries')).toEqual([...beside.map(({ path }) => path), 'x-…']);
  });

  it('names every value of those that have fixed ones', () => {
    const rows = rowsOf(sectionOf(PAGE, 'Fields of an entry'));
    const trigger = ofEntries.find(({ path }) => path === `${ENTRY}trigger`);
    expect(trigger?.values).toHaveLength(9);
    for (const { path, values } of ofEntries) {
      const row = rows.find(({ names }) => names.includes(path.slice(ENTRY.length)));
      for (const value of values) expect(row?.text).toContain(`\`${value}\``);
    }
  });

  it.each(rowsOf(sectionOf(PAGE, 'Fields of an entry')))('has an example that is valid: $names', ({ names, text }) => {
    const example = exampleIn(text);
    const others = Object.entries({ name: 'a', handler: 'https://a.example', trigger: 'open', database: '1017' });
    const lines = others.filter(([name]) => !names.includes(name)).map(([name, value]) => `${name}: ${value}`);
    expect(example).toMatch(new RegExp(`^${names[0]}: `));
    expect(parse(`webhooks:\n  - ${[...lines, example].join('\n    ')}\n`)).toMatchObject({ ok: true });
  });

  it('has examples beside the entries that are valid together', () => {
    const examples = rowsOf(sectionOf(PAGE, 'Beside the entries')).map(({ text }) => exampleIn(text));
    expect(parse(`${examples.join('\n')}\n`)).toMatchObject({ ok: true });
  });

  it('begins with a manifest that has every field', () => {
    const [first = ''] = blocksOf(PAGE, 'yaml');
    const named = [...first.matchAll(/^ *(?:- )?([a-z]+):/gm)].map(([, name = '']) => name);
    const last = (path: string) => path.split('.').at(-1) ?? '';
    expect(named).toEqual(expect.arrayContaining(FIELDS.map(({ path }) => last(path))));
    expect(parse(first)).toMatchObject({ ok: true });
  });
});
