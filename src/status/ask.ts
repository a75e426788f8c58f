import { get } from 'node:http';
import type { ListenAddress } from '../settings/values.js';

/** A daemon that does not answer within this time is considered dead. */
export const ANSWER_WITHIN_MS = 5_000;
const LONGEST_ANSWER_CHARACTERS = 10_000;
/** The server always answers to this name, whatever its allowed hosts are. */
const HEADERS = { host: 'localhost' };

/** The address to ask from the same machine: loopback if it listens on all addresses. */
export function addressToAsk(listen: ListenAddress): ListenAddress {
  if (listen.host === '::') return { ...listen, host: '::1' };
  return listen.host === null || listen.host === '0.0.0.0' ? { ...listen, host: '127.0.0.1' } : listen;
}

/** GETs a path of a status server. Rejects if there is no answer in time. */
export function askStatus(
  { host, port }: ListenAddress,
  path: string,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const request = get({ host, port, path, headers: HEADERS, agent: false, signal }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body = (body + text).slice(0, LONGEST_ANSWER_CHARACTERS);
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}
