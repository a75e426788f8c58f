import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { listen } from './raw-server.js';

/** A way to a server on this machine that can be cut. */
export interface TcpProxy {
  readonly port: number;
  /**
   * What is on the way back is dropped from now on, and what comes is passed on, so that what was asked is done and not
   * answered; after so many milliseconds the connections break. Connections that are made later are as usual.
   */
  loseAnswers(breakAfterMs: number): void;
  /** Connections are refused, and those that are there break, until the returned function is called. */
  cut(): () => void;
  /** Holds back what comes for so long, on the connections that are there; then it is passed on all the same. */
  holdBack(ms: number): void;
  /** The connections that are there pass nothing on any more, and do not end: as where a firewall has forgotten them. */
  stall(): void;
}

export async function openTcpProxy(target: number): Promise<TcpProxy> {
  const pairs = new Set<{ readonly client: Socket; readonly server: Socket }>();
  let isCut = false;
  const listener = createServer((client) => {
    if (isCut) return void client.destroy();
    const server = connect(target, '127.0.0.1');
    const pair = { client, server };
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.on('error', end).on('close', end).setNoDelay();
    client.pipe(server);
    server.pipe(client);
  });
  const port = await listen(listener);
  const destroyAll = () => {
    for (const { client, server } of pairs) {
      client.destroy();
      server.destroy();
    }
  };
  onTestFinished(() => {
    destroyAll();
    listener.close();
  });
  return {
    port,
    loseAnswers: (breakAfterMs) => {
      for (const { client, server } of pairs) {
        server.unpipe(client);
        server.resume();
        setTimeout(() => {
          client.destroy();
          // What the client sent is still to arrive.
          server.end();
        }, breakAfterMs);
      }
    },
    cut: () => {
      isCut = true;
      destroyAll();
      return () => {
        isCut = false;
      };
    },
    holdBack: (ms) => {
      for (const { client, server } of pairs) {
        client.unpipe(server);
        client.pause();
        const kept: Buffer[] = [];
        client.on('data', (chunk: Buffer) => kept.push(chunk));
        // The client gives up on it, and the server gets it later.
        setTimeout(() => client.destroy(), ms / 2);
        setTimeout(() => server.end(Buffer.concat(kept)), ms);
      }
    },
    stall: () => {
      for (const { client, server } of pairs) {
        for (const socket of [client, server]) socket.unpipe().resume();
      }
    },
  };
}
