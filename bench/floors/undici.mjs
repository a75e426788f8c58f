// Floor: the POSTs alone, by undici's Pool with ten connections. Reads no YAML, keeps no state, flushes nothing, looks
// at no answer but its id. The bodies are made in a loop, as they would be after a parse.
// usage: node bench/floors/undici.mjs URL N
import { Pool } from 'undici';
import { bodyOf } from '../entries.mjs';

const [url, count] = [process.argv[2], Number(process.argv[3])];
const CONNECTIONS = 10;
const pool = new Pool(url, { connections: CONNECTIONS });
const headers = { 'content-type': 'application/json' };
const path = '/v3/webhooks?access_token=bench-token-0123456789';
let next = 0;
let made = 0;

async function work() {
  while (next < count) {
    const answer = await pool.request({ method: 'POST', path, headers, body: JSON.stringify(bodyOf(next++)) });
    await answer.body.dump();
    if (Number(answer.headers['x-created']) > 0) made += 1;
  }
}

await Promise.all(Array.from({ length: CONNECTIONS }, work));
await pool.close();
if (made !== count) throw new Error(`${made} of ${count} were made`);
