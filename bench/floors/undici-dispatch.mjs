// Floor: as undici.mjs, but by Pool.dispatch with a bare handler, which is the least that undici can do.
// Reads no YAML, keeps no state, flushes nothing.
// usage: node bench/floors/undici-dispatch.mjs URL N
import { Pool } from 'undici';
import { bodyOf } from '../lib/entries.mjs';

const [url, count] = [process.argv[2], Number(process.argv[3])];
const CONNECTIONS = 10;
const pool = new Pool(url, { connections: CONNECTIONS });
const headers = { 'content-type': 'application/json' };
const path = '/v3/webhooks?access_token=bench-token-0123456789';
let next = 0;
let made = 0;

const post = (body) =>
  new Promise((resolve, reject) => {
    pool.dispatch(
      { method: 'POST', path, headers, body },
      {
        onRequestStart() {},
        onResponseStart(_controller, _status, answered) {
          if (Number(answered['x-created']) > 0) made += 1;
        },
        onResponseData() {},
        onResponseEnd: resolve,
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });

async function work() {
  while (next < count) await post(bodyOf(next++));
}

await Promise.all(Array.from({ length: CONNECTIONS }, work));
await pool.close();
if (made !== count) throw new Error(`${made} of ${count} were made`);
