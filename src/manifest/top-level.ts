import { isMap, isScalar, isSeq, type Node } from 'yaml';
import { type Field, fieldsOf } from './fields.js';
import type { Report } from './findings.js';
import type { Complaint } from './handler.js';
import { quote } from './printable.js';
import { EXTENSION_PREFIX } from './schema.js';
import { nearest } from './suggest.js';
import { type Aliases, rangeOf, resolve } from './tree.js';

/** An emptied file is more often an accident than a wish: all webhooks would become orphans. */
export const EMPTY_FILE: Complaint = {
  code: 'empty-manifest',
  message: 'the manifest is empty',
  remedy: 'if there shall be no webhooks at all, write webhooks: []',
};

/** The field that lists them. */
export const ENTRIES_FIELD = 'webhooks';

/** The items under `webhooks`; what else is at the top level is reported. */
export function findEntries(contents: Node, aliases: Aliases, report: Report): readonly unknown[] {
  if (!isMap(contents)) {
    const remedy = isSeq(contents)
      ? 'put webhooks: above the list, and indent the list below it'
      : 'begin with webhooks: and list the entries below it';
    const { start } = rangeOf(contents);
    report({
      code: 'bad-manifest',
      message: 'a manifest is a mapping with the field webhooks',
      remedy,
      start,
      end: start + 1,
    });
    return [];
  }
  const fields = fieldsOf(contents, aliases, report);
  const webhooks = fields.get(ENTRIES_FIELD);
  const meant = reportOtherFields(fields, report);
  if (webhooks === undefined) {
    if (!meant) {
      report({ code: 'missing-field', message: 'webhooks is missing', remedy: EMPTY_FILE.remedy, start: 0, end: 0 });
    }
    return [];
  }
  const list = resolve(webhooks.value, aliases);
  if (isSeq(list)) return list.items;
  if (list === null || (list !== undefined && isScalar(list) && list.value === null)) {
    report({
      code: 'empty-field',
      message: 'webhooks has no value',
      remedy: EMPTY_FILE.remedy,
      ...rangeOf(webhooks.key),
    });
  } else if (list !== undefined) {
    const remedy = 'begin each entry with a dash: - name: …';
    const { start } = rangeOf(webhooks.value);
    report({ code: 'bad-manifest', message: 'webhooks must be a list', remedy, start, end: start + 1 });
  }
  return [];
}

/** Returns whether one of them was probably meant as `webhooks`. */
function reportOtherFields(fields: ReadonlyMap<string, Field>, report: Report): boolean {
  let meant = false;
  for (const [name, { key }] of fields) {
    if (name === ENTRIES_FIELD || name.startsWith(EXTENSION_PREFIX)) continue;
    const near = nearest(name, [ENTRIES_FIELD]);
    if (near !== undefined) meant = true;
    const known = `known is webhooks; fields that begin with ${EXTENSION_PREFIX} are yours, for anchors`;
    const remedy = near === undefined ? known : `did you mean ${near}?`;
    report({ code: 'unknown-field', message: `unknown field ${quote(name)}`, remedy, ...rangeOf(key) });
  }
  return meant;
}
