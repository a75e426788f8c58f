import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { WireReply } from './model/exchange.js';
import type { ApiRequest, ApiResponse } from './model/http.js';

/** Reads the request when it is complete. Null: the client broke it off. */
export async function readRequest(incoming: IncomingMessage): Promise<ApiRequest | null> {
  const body = await text(incoming).catch(() => null);
  if (body === null) return null;
  const { method = 'GET', url = '/' } = incoming;
  const { host, 'content-type': type, authorization } = incoming.headers;
  const [path = '', ...query] = url.split('?');
  return { method, path, query: query.join('?'), headers: { host, 'content-type': type, authorization }, body };
}

/** Carries out a reply. It is no error if the client has gone. */
export function writeReply(outgoing: ServerResponse, reply: WireReply): void {
  switch (reply.kind) {
    case 'answer':
      writeAnswer(outgoing, reply.response);
      return;
    case 'close':
      outgoing.socket?.destroy();
      return;
    case 'reset':
      outgoing.socket?.resetAndDestroy();
      return;
    case 'hang':
      return;
  }
}

function writeAnswer(outgoing: ServerResponse, { status, headers, body, promisedBytes }: ApiResponse): void {
  if (outgoing.destroyed) return;
  const bytes = promisedBytes ?? Buffer.byteLength(body);
  const bodiless = status === 204 || status === 304;
  outgoing.writeHead(status, bodiless ? headers : { ...headers, 'Content-Length': bytes });
  if (promisedBytes === undefined) outgoing.end(body);
  else outgoing.write(body, () => outgoing.socket?.destroy());
}
