// Floor: the POSTs alone, by node:http with a keep-alive agent of ten sockets. Reads no YAML, keeps no state, flushes
// nothing, looks at no answer but its id.
// usage: node bench/floors/http.mjs URL N
import { Agent, request } from 'node:http';
import { bodyOf } from '../lib/entries.mjs';

const [url, count] = [new URL(process.argv[2]), Number(process.argv[3])];
const CONNECTIONS = 10;
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const path = '/v3/webhooks?access_token=bench-token-0123456789';
let next = 0;
let made = 0;

const post = (body) =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const options = { agent, host: url.hostname, port: url.port, method: 'POST', path, headers };
    const sent = request(options, (answer) => {
      if (Number(answer.headers['x-created']) > 0) made += 1;
      answer.on('end', resolve).resume();
    });
    sent.on('error', reject).end(body);
  });

async function work() {
  while (next < count) await post(bodyOf(next++));
}

await Promise.all(Array.from({ length: CONNECTIONS }, work));
agent.destroy();
if (made !== count) throw new Error(`${made} of ${count} were made`);
