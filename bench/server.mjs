// The API as a measuring stick: answers as Copernica does where nothing goes wrong, and as fast as it can, so that what
// is measured is the client. Raw sockets, since node:http would cost as much as the clients it is to measure.
// By itself: node bench/server.mjs [--port 8080] [--latency 20]. Started by the bench, it takes orders over IPC.
import { createServer } from 'node:net';
import { parseArgs } from 'node:util';

const FIRST_ID = 1001;
const HEAD_END = Buffer.from('\r\n\r\n');

/** Bodies of the webhooks as they were sent, by id - FIRST_ID; null once deleted. */
let webhooks = [];
let latencyMs = 0;
let watching = false;
let counts = freshCounts();

function freshCounts() {
  return {
    requests: 0,
    POST: 0,
    GET: 0,
    PUT: 0,
    DELETE: 0,
    connections: 0,
    firstPostAt: null,
    firstLookAt: null,
    lastAnswerAt: null,
  };
}

/** Milliseconds of the machine's monotonic clock, which all processes share. */
const clock = () => Number(process.hrtime.bigint()) / 1e6;

const server = createServer({ noDelay: true, keepAlive: false }, (socket) => {
  counts.connections += 1;
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
  const space = head.indexOf(' ');
  const method = head.slice(0, space);
  const target = head.slice(space + 1, head.indexOf(' ', space + 1));
  const path = target.split('?', 1)[0];
  counts.requests += 1;
  counts[method] += 1;
  if (method === 'POST') posted();
  // Whose account it is, and whether it lists webhooks, is asked once: the reads of single webhooks come after.
  else if (path.includes('/webhook/')) counts.firstLookAt ??= clock();
  const reply = answer(method, path, target, body);
  if (latencyMs === 0) send(socket, reply);
  else setTimeout(send, latencyMs, socket, reply);
}

function posted() {
  const at = clock();
  counts.firstPostAt ??= at;
  if (watching) process.send({ posted: counts.POST, at });
}

function send(socket, reply) {
  if (socket.destroyed) return;
  socket.write(reply);
  counts.lastAnswerAt = clock();
}

function answer(method, path, target, body) {
  if (method === 'POST' && path.endsWith('/webhooks')) {
    const id = FIRST_ID + webhooks.push(body) - 1;
    return `HTTP/1.1 201 Created\r\nX-Created: ${id}\r\nContent-Length: 0\r\n\r\n`;
  }
  if (path.endsWith('/identity')) return json(200, '{"id":"34","name":"Bench","description":"","company":"Bench"}');
  const id = Number(/\/webhook\/(\d+)$/.exec(path)?.[1]);
  if (Number.isNaN(id)) return json(400, '{"error":{"message":"Invalid method"}}');
  const known = webhooks[id - FIRST_ID];
  if (known === undefined) return json(400, '{"error":{"message":"No entity with supplied ID"}}');
  if (known === null) return removed(method, id);
  if (method === 'GET') return json(200, `{"ID":"${id}",${known.slice(1)}`);
  if (method === 'DELETE') {
    webhooks[id - FIRST_ID] = null;
    return `HTTP/1.1 204 No Content\r\nX-deleted: webhook ${id}\r\n\r\n`;
  }
  webhooks[id - FIRST_ID] = JSON.stringify({ ...JSON.parse(known), ...JSON.parse(body) });
  return `HTTP/1.1 303 See Other\r\nLocation: ${target}\r\nContent-Length: 0\r\n\r\n`;
}

function removed(method, id) {
  if (method === 'GET') return json(200, `{"ID":"${id}","handler":"","trigger":"","removed":"2026-11-23 10:00:00"}`);
  return json(400, '{"error":{"message":"This webhook has already been removed"}}');
}

function json(status, body) {
  const reason = status === 200 ? 'OK' : 'Bad Request';
  const length = Buffer.byteLength(body);
  return `HTTP/1.1 ${status} ${reason}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`;
}

/** begin: latency and counts anew, and an empty account unless it is to be kept. report: counts since then. */
function obey(order) {
  switch (order.ask) {
    case 'begin':
      if (!order.keep) webhooks = [];
      latencyMs = order.latencyMs ?? 0;
      watching = order.watch ?? false;
      counts = freshCounts();
      process.send({ begun: true });
      break;
    case 'report':
      process.send({ report: counts });
      break;
  }
}

const { values } = parseArgs({ options: { port: { type: 'string' }, latency: { type: 'string' } } });
latencyMs = Number(values.latency ?? 0);
server.listen(Number(values.port ?? 0), '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  if (process.send === undefined) console.log(`COPERNICA_API_URL=${url} COPERNICA_ACCESS_TOKEN=bench-token-0123456789`);
  else process.send({ url });
});
process.on('message', obey);
process.on('disconnect', () => process.exit());
