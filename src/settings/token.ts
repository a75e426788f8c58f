import { productError } from '../errors.js';

/** Shorter than this, hiding the token wherever it turns up would hide half of every message. */
const SHORTEST_TOKEN_LENGTH = 8;

/**
 * The token without the white space around it that files and shells add.
 * Throws ProductError of kind `input` that never quotes it.
 */
export function checkToken(text: string, from: string): string {
  const token = text.trim();
  const complain = (message: string) =>
    productError('input', {
      code: 'token-unusable',
      message: `${from} ${message}`,
      remedy: 'copy the access token from the Copernica dashboard once more',
    });
  if (token === '') throw complain('is empty');
  if (!/^[\x21-\x7e]+$/.test(token)) throw complain('holds white space or characters that no access token has');
  if (token.length < SHORTEST_TOKEN_LENGTH) throw complain(`is shorter than ${SHORTEST_TOKEN_LENGTH} characters`);
  return token;
}
