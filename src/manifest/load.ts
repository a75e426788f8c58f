import { open, stat } from 'node:fs/promises';
import { type Problem, ProductError } from '../errors.js';
import type { Environment } from './interpolate.js';
import { type ParsedManifest, parseManifest } from './parse.js';

export const LARGEST_MANIFEST_BYTES = 10 * 1024 * 1024;

type ValidManifest = Extract<ParsedManifest, { ok: true }>;

/** The file's text, null when it could not be read, and what it came to. Never rejects for what is in the file. */
export async function readManifest(
  path: string,
  environment: Environment,
): Promise<{ readonly text: string | null; readonly result: ParsedManifest }> {
  const text = await readText(path);
  if (typeof text !== 'string') return { text: null, result: { ok: false, problems: [text] } };
  return { text, result: parseManifest(text, { file: path, environment }) };
}

/** A valid manifest with its warnings. Throws ProductError of kind `input` with every problem of an invalid one. */
export async function loadValidManifest(path: string, environment: Environment): Promise<ValidManifest> {
  const { result } = await readManifest(path, environment);
  if (!result.ok) throw new ProductError('input', result.problems);
  return result;
}

async function readText(path: string): Promise<string | Problem> {
  const unusable = (code: string, message: string, remedy: string): Problem => ({
    code,
    severity: 'error',
    message: `${path} ${message}`,
    file: path,
    remedy,
  });
  try {
    // Looked at before it is opened: opening a pipe would wait for a writer for ever.
    if (!(await stat(path)).isFile())
      return unusable('manifest-unreadable', 'is not a file', 'give the path of a YAML file');
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      if (size > LARGEST_MANIFEST_BYTES) return tooLarge();
      // One byte more than allowed shows a file that grew meanwhile.
      const bytes = Buffer.alloc(Math.min(size, LARGEST_MANIFEST_BYTES) + 1);
      let length = 0;
      while (length < bytes.length) {
        const { bytesRead } = await handle.read(bytes, length, bytes.length - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return decode(bytes.subarray(0, length)) ?? unusable('manifest-encoding', 'is not UTF-8', 'save it as UTF-8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    const message = missing ? 'does not exist' : `can't be read (${code})`;
    return unusable('manifest-unreadable', message, missing ? 'give its path with --file' : 'check its permissions');
  }

  function tooLarge(): Problem {
    const limit = `${LARGEST_MANIFEST_BYTES / 1024 / 1024} MiB`;
    return unusable('manifest-too-large', `is larger than ${limit}`, 'split it over several accounts or state files');
  }
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
