import { readFile, stat } from 'node:fs/promises';
import { errorCode, ProductError, productError } from '../errors.js';

/** A settings, token or certificate file larger than this is a mistake. */
const LARGEST_FILE_BYTES = 1024 * 1024;

/** The text of a file; `what` names it in messages. Throws ProductError of kind `input` if it can't be read. */
export async function readSmallFile(path: string, what: string, largestBytes = LARGEST_FILE_BYTES): Promise<string> {
  try {
    // Checked first, since reading a pipe would wait.
    const about = await stat(path);
    if (!about.isFile()) throw unreadable(path, what, 'is not a file');
    if (about.size > largestBytes) throw unreadable(path, what, `is larger than ${largestBytes} bytes`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof ProductError) throw error;
    const code = errorCode(error) || 'unknown error';
    throw unreadable(path, what, code === 'ENOENT' ? 'does not exist' : `can't be read (${code})`);
  }
}

/** PEM text of a certificate file. Throws ProductError of kind `input` if it can't be read or has no certificate. */
export async function loadCertificates(path: string): Promise<string> {
  const text = await readSmallFile(path, 'certificate file');
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw unreadable(path, 'certificate file', 'contains no certificate in PEM form', 'export the certificate as PEM');
}

function unreadable(path: string, what: string, why: string, remedy = 'check the path and its permissions') {
  return productError('input', { code: 'file-unreadable', message: `${what} ${path} ${why}`, remedy });
}
