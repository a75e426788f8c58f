// The naive tool: parses the manifest, POSTs over ten connections of undici's Pool, and rewrites its whole state file
// after each create. Checks nothing, flushes nothing, and a crash between a POST and its record doubles a webhook.
// usage: node bench/floors/naive.mjs URL MANIFEST STATE
import { readFileSync, writeFileSync } from 'node:fs';
import { Pool } from 'undici';
import { parse } from 'yaml';

const [url, manifest, stateFile] = process.argv.slice(2);
const CONNECTIONS = 10;
const { webhooks } = parse(readFileSync(manifest, 'utf8'));
const pool = new Pool(url, { connections: CONNECTIONS });
const headers = { 'content-type': 'application/json' };
const path = '/v3/webhooks?access_token=bench-token-0123456789';
const state = {};
const queue = webhooks.values();

async function work() {
  for (const { name, ...webhook } of queue) {
    const answer = await pool.request({ method: 'POST', path, headers, body: JSON.stringify(webhook) });
    await answer.body.dump();
    state[name] = { id: Number(answer.headers['x-created']), ...webhook };
    writeFileSync(stateFile, JSON.stringify(state, null, 2));
  }
}

await Promise.all(Array.from({ length: CONNECTIONS }, work));
await pool.close();
