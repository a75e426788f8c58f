import { isMap, isScalar, isSeq, type Scalar, type YAMLMap } from 'yaml';
import type { Report } from './findings.js';
import { type Aliases, MERGE_KEY, rangeOf, resolve } from './tree.js';

export interface Field {
  readonly key: Scalar;
  readonly value: unknown;
}

/**
 * The fields of a mapping by name, merge keys followed: its own go before merged ones, and of several merged mappings
 * the earlier goes before the later (https://yaml.org/type/merge.html).
 * Keys that are no text, or stand twice, have been reported before; of the latter the first counts.
 */
export function fieldsOf(map: YAMLMap, aliases: Aliases, report: Report): ReadonlyMap<string, Field> {
  const fields = new Map<string, Field>();
  addFields(fields, map, aliases, report);
  return fields;
}

function addFields(fields: Map<string, Field>, map: YAMLMap, aliases: Aliases, report: Report): void {
  const merges: unknown[] = [];
  for (const { key, value } of map.items) {
    if (!isScalar(key) || typeof key.value !== 'string') continue;
    if (key.value === MERGE_KEY && key.type === 'PLAIN') merges.push(value);
    else if (!fields.has(key.value)) fields.set(key.value, { key, value });
  }
  for (const merge of merges) {
    for (const source of mergeSources(merge, aliases, report)) addFields(fields, source, aliases, report);
  }
}

function mergeSources(value: unknown, aliases: Aliases, report: Report): YAMLMap[] {
  const merged = resolve(value, aliases);
  const parts: readonly unknown[] = isSeq(merged) ? merged.items : [value];
  return parts.flatMap((part) => {
    const source = resolve(part, aliases);
    if (isMap(source)) return [source];
    if (source !== undefined) {
      report({
        code: 'bad-merge',
        message: 'only mappings can be merged',
        remedy: 'write <<: *name, where &name stands before a mapping, or <<: [*a, *b]',
        ...rangeOf(part),
      });
    }
    return [];
  });
}
