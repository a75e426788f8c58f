// The API as a measuring stick: answers as Copernica does where nothing goes wrong, and as fast as it can, so that what
// is measured is the client. Raw sockets, since node:http would cost as much as the clients it is to measure. It takes
// orders from the bench over IPC.
import { createServer } from 'node:net';
import { clock } from './entries.mjs';

const FIRST_ID = 1001;
const HEAD_END = Buffer.from('\r\n\r\n');

/** Bodies of the webhooks as they were sent, by id - FIRST_ID. */
let webhooks = [];
let latencyMs = 0;
let isWatched = false;
let counts = {};

const server = createServer({ noDelay: true, keepAlive: false }, (socket) => {
  let pending = null;
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    pending = pending === null ? chunk : Buffer.concat([pending, chunk]);
    while (pending !== null) {
      const headEnd = pending.indexOf(HEAD_END);
      if (headEnd === -1) return;
      const head = pending.latin1Slice(0, headEnd);
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      const end = headEnd + HEAD_END.length + length;
      if (pending.length < end) return;
      const body = length === 0 ? '' : pending.utf8Slice(headEnd + HEAD_END.length, end);
      pending = pending.length === end ? null : pending.subarray(end);
      serve(socket, head, body);
    }
  });
});

function serve(socket, head, body) {
  const [method, target] = head.split(' ', 2);
  const path = target.split('?', 1)[0];
  counts[method] = (counts[method] ?? 0) + 1;
  if (method === 'POST') {
    const at = clock();
    counts.firstPostAt ??= at;
    if (isWatched) process.send({ at });
  }
  // Whose account it is, and whether it lists webhooks, is asked once: the reads of single webhooks come after.
  if (path.includes('/webhook/')) counts.firstReadAt ??= clock();
  setTimeoutIf(latencyMs, () => {
    if (socket.destroyed) return;
    socket.write(answer(method, path, body, accountOf(target)));
    counts.lastAnswerAt = clock();
  });
}

const setTimeoutIf = (ms, action) => (ms === 0 ? action() : setTimeout(action, ms));

/** A token that ends with `-of-N` is that of account N. */
const accountOf = (target) => /access_token=[^&]*-of-(\d+)/.exec(target)?.[1] ?? '34';

function answer(method, path, body, account) {
  if (method === 'POST' && path.endsWith('/webhooks')) {
    const id = FIRST_ID + webhooks.push(body) - 1;
    return `HTTP/1.1 201 Created\r\nX-Created: ${id}\r\nContent-Length: 0\r\n\r\n`;
  }
  if (path.endsWith('/identity'))
    return json('200 OK', `{"id":"${account}","name":"Bench","description":"","company":"Bench"}`);
  const id = /\/webhook\/(\d+)$/.exec(path)?.[1];
  const known = id === undefined || method !== 'GET' ? undefined : webhooks[id - FIRST_ID];
  if (known !== undefined) return json('200 OK', `{"ID":"${id}",${known.slice(1)}`);
  const message = id === undefined ? 'Invalid method' : 'No entity with supplied ID';
  return json('400 Bad Request', JSON.stringify({ error: { message } }));
}

function json(status, body) {
  const length = Buffer.byteLength(body);
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`;
}

/** begin: latency and counts anew, and an empty account unless it is to be kept. report: counts since then. */
process.on('message', (order) => {
  if (order.ask === 'begin') {
    if (!order.keep) webhooks = [];
    latencyMs = order.latencyMs ?? 0;
    isWatched = order.watch ?? false;
    counts = {};
  }
  process.send(counts);
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
