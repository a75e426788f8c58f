import { ProductError } from '../errors.js';
import type { Environment } from './interpolate.js';
import { readManifestFile } from './load-text.js';
import { type ParsedManifest, parseManifest } from './parse.js';

/** A manifest file as it was read: its text (null: it could not be read), and what it came to. */
export interface ReadManifest {
  readonly text: string | null;
  readonly result: ParsedManifest;
}

export type ValidManifest = Extract<ParsedManifest, { readonly ok: true }>;

/** Reads and parses the manifest. Whatever the file holds or is, the answer tells; nothing is thrown. */
export async function readManifest(path: string, env: Environment): Promise<ReadManifest> {
  const read = await readManifestFile(path);
  if (!read.ok) return { text: null, result: read };
  return { text: read.text, result: parseManifest(read.text, { file: path, env }) };
}

/** Reads and parses the manifest. Throws ProductError of kind `input` with every problem. */
export async function loadValidManifest(path: string, env: Environment): Promise<ValidManifest> {
  return (await loadManifestText(path, env)).manifest;
}

/** The same, with the text that it was read from. */
export async function loadManifestText(
  path: string,
  env: Environment,
): Promise<{ readonly text: string; readonly manifest: ValidManifest }> {
  const { text, result } = await readManifest(path, env);
  if (!result.ok) throw new ProductError('input', result.problems);
  return { text: text ?? '', manifest: result };
}
