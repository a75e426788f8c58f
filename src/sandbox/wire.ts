import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WireReply } from './model/effects.js';
import { type ApiRequest, type ApiResponse, refusal } from './model/http.js';

export const BODY_LIMIT_CHARACTERS = 1_000_000;

/** Hands over the request once it is whole. One that the client breaks off is never handed over. */
export function readRequest(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  whole: (request: ApiRequest) => void,
): void {
  let body = '';
  incoming.setEncoding('utf8');
  incoming.on('data', (piece: string) => {
    if (body.length <= BODY_LIMIT_CHARACTERS) body += piece;
  });
  // Without a listener a connection that breaks would end the process.
  incoming.on('error', () => {});
  incoming.on('end', () => {
    if (body.length > BODY_LIMIT_CHARACTERS) writeAnswer(outgoing, refusal('Request Entity Too Large', 413));
    else whole(toApiRequest(incoming, body));
  });
}

function toApiRequest({ method = 'GET', url = '/', headers }: IncomingMessage, body: string): ApiRequest {
  const question = url.indexOf('?');
  const { host, 'content-type': type, authorization } = headers;
  return {
    method,
    path: question === -1 ? url : url.slice(0, question),
    query: question === -1 ? '' : url.slice(question + 1),
    headers: { host, 'content-type': type, authorization },
    body,
  };
}

/** Carries out a reply. The client may be gone by then: that is no error. */
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
