import { describe, expect, it } from 'vitest';
import { DOCUMENT_NAMES, type DocumentName } from '../../../src/output/document-names.js';
import { DOCUMENTS, documentJsonSchema } from '../../../src/output/documents.js';
import { readPage, rowsOf, sectionOf } from '../../helpers/page.js';
import { type Field, fieldsOf, variantsOf } from './schema-fields.js';

const PAGE = readPage('json.md');

const fieldsOfDocument = (name: DocumentName, variant = 0) => fieldsOf(documentJsonSchema(name), variant);

/** What lies below a field, by names that begin there. */
function below(prefix: string, fields: readonly Field[]): Field[] {
  return fields.flatMap((field) => {
    return field.path.startsWith(prefix) ? [{ ...field, path: field.path.slice(prefix.length) }] : [];
  });
}

const plan = fieldsOfDocument('plan');
const problem = below('errors[].', plan);
const account = below('account.', plan);

/** Described once for all documents, where they stand themselves. */
const SHARED = /^(errors|warnings)(\[\]\.|$)|^account\.|^changes\[\]\.error\.|^accounts\[\]\.(?!account$)/;

/** The fields that a section must describe, by heading. */
const SECTIONS: Readonly<Record<string, readonly Field[]>> = {
  'Errors and warnings': problem,
  'The account': account,
  'Several accounts': fieldsOfDocument('plan', 1),
  ...Object.fromEntries(
    DOCUMENT_NAMES.map((name) => [name, below(name === 'list' ? '[].' : '', fieldsOfDocument(name))]),
  ),
};

describe('docs/json.md', () => {
  it.each(Object.entries(SECTIONS))('describes every field, and no other: %s', (heading, fields) => {
    const isInPlan = (path: string) => heading === 'apply' && plan.some((field) => field.path === path);
    const own = fields.filter(({ path }) => !(SHARED.test(path) || isInPlan(path)));
    const rows = rowsOf(sectionOf(PAGE, heading));
    expect(rows.flatMap(({ names }) => names).sort()).toEqual(own.map(({ path }) => path).sort());
    expect(rows.filter(({ text }) => text.trim() === '')).toEqual([]);
  });

  it.each(Object.entries(SECTIONS))(
    'names every fixed value, and null where there may be none: %s',
    (heading, fields) => {
      const rows = rowsOf(sectionOf(PAGE, heading));
      const unnamed = fields.flatMap(({ path, values }) => {
        const row = rows.find(({ names }) => names.includes(path));
        return values
          .filter((value) => row !== undefined && !row.text.includes(`\`${value}\``))
          .map((it) => `${path}: ${it}`);
      });
      expect(unnamed).toEqual([]);
    },
  );

  it('tells the same of the problems and the account of every document', () => {
    for (const name of DOCUMENT_NAMES) {
      const variants = variantsOf(documentJsonSchema(name)).map((_variant, index) => fieldsOfDocument(name, index));
      for (const fields of variants) {
        for (const prefix of ['errors[].', 'warnings[].', 'changes[].error.'])
          expect([[], problem]).toContainEqual(below(prefix, fields));
        expect([[], account]).toContainEqual(below('account.', fields));
      }
    }
  });

  it.each(DOCUMENT_NAMES)('has an example of each document, as its schema says: %s', (name) => {
    const [, example = ''] = /```jsonc\n([\s\S]*?)^```$/m.exec(sectionOf(PAGE, name)) ?? [];
    expect(DOCUMENTS[name].safeParse(JSON.parse(example.replace(/^ *\/\/ ….*$/gm, '')))).toMatchObject({
      success: true,
    });
  });
});
