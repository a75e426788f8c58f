import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Server } from 'node:net';
import { onTestFinished } from 'vitest';
import type { NoticePayload } from '../../src/notices/message.js';
import { TEST_CERTIFICATE, TEST_KEY } from '../unit/copernica/certificate.js';
import { listen } from './raw-server.js';

export interface Receiver {
  /** Where notices go, with a key in its path as those of Slack have. */
  readonly url: string;
  readonly key: string;
  readonly notices: readonly NoticePayload[];
  readonly headers: readonly Readonly<Record<string, string | string[] | undefined>>[];
  /** Resolves with all so far when there are so many. */
  received(count: number): Promise<readonly NoticePayload[]>;
}

export interface ReceiverOptions {
  readonly scheme?: 'http' | 'https';
  /** In its URL. As `api.example` it is reached through `openProxy` alone. */
  readonly host?: string;
  /** What it answers to the nth notice, from 1; left out: `ok`. */
  readonly answer?: (response: Parameters<RequestListener>[1], count: number) => void;
}

/** Of a length that such keys have. */
const KEY = 'k3yOfAChannelThatNobodyMaySee';

/** A server that takes notices, as a channel of Slack does. Ends with the test. */
export async function openReceiver({
  scheme = 'http',
  host = scheme === 'http' ? '127.0.0.1' : 'localhost',
  answer,
}: ReceiverOptions = {}): Promise<Receiver> {
  const notices: NoticePayload[] = [];
  const headers: Receiver['headers'][number][] = [];
  const waiting = new Set<() => void>();
  const take: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    headers.push({ ...request.headers, method: request.method, url: request.url });
    notices.push(JSON.parse(Buffer.concat(chunks).toString('utf8')) as NoticePayload);
    if (answer === undefined) response.end('ok');
    else answer(response, notices.length);
    for (const look of waiting) look();
  };
  const server =
    scheme === 'http' ? createServer(take) : createTlsServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, take);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const port = await listen(server as Server);
  const received = (count: number) =>
    new Promise<readonly NoticePayload[]>((resolve) => {
      const look = () => {
        if (notices.length < count) return;
        waiting.delete(look);
        resolve([...notices]);
      };
      waiting.add(look);
      look();
    });
  return { url: `${scheme}://${host}:${port}/services/T0/B0/${KEY}`, key: KEY, notices, headers, received };
}
