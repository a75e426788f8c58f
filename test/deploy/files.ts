import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A file of the project, as text. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** A YAML file of one document, merge keys resolved. */
export function readYaml(path: string): unknown {
  return parse(read(path), { merge: true });
}

/** Every document of a YAML file. */
export function readDocuments(path: string): unknown[] {
  return parseAllDocuments(read(path)).map((document) => document.toJS() as unknown);
}

/** Paths of all files under a folder of the project, sorted. */
export function filesUnder(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length))
    .sort();
}

/** A value inside of YAML, by keys and indexes; undefined where the way ends. */
export function at(value: unknown, ...way: (string | number)[]): unknown {
  return way.reduce<unknown>(
    (inside, key) =>
      typeof inside === 'object' && inside !== null ? (inside as Record<string | number, unknown>)[key] : undefined,
    value,
  );
}

/** The items of a list inside of YAML; none where there is no list. */
export function itemsAt(value: unknown, ...way: (string | number)[]): unknown[] {
  const list = at(value, ...way);
  return Array.isArray(list) ? list : [];
}
