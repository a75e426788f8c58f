import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { listen } from './raw-server.js';

/**
 * Told of each statement that a client sends, before the server gets it. `number` counts from 1, over all connections.
 * `carryOut` passes it on and resolves when the server has answered; the client gets that answer when what is returned
 * resolves.
 */
export type OnStatement = (number: number, carryOut: () => Promise<void>) => Promise<void>;

/** A statement is a query, or all that comes until a Sync. */
const LAST_OF_STATEMENT = ['Q', 'S'];
/** The server has answered all of it. */
const READY = 'Z';

/**
 * A way to a PostgreSQL server on this machine that stops at each statement. Of the protocol it knows the type and the
 * length of messages, in the clear. A statement that waits reaches the server even when its client is gone by then.
 */
export async function openStatementProxy(target: number, onStatement: OnStatement): Promise<{ readonly port: number }> {
  const sockets = new Set<Socket>();
  let count = 0;
  const listener = createServer((client) => {
    const server = connect(target, '127.0.0.1');
    for (const socket of [client, server]) sockets.add(socket.on('error', () => socket.destroy()).setNoDelay());
    let statement: Buffer[] = [];
    let underWay = Promise.resolve();
    /** What came back of the statement under way; null: nothing is kept back. */
    let answer: Buffer[] | null = null;
    let answered = () => {};
    const begin = (bytes: Buffer) => {
      count += 1;
      const carryOut = async () => {
        answer = [];
        const whole = new Promise<void>((resolve) => {
          answered = resolve;
        });
        server.write(bytes);
        await whole;
      };
      underWay = onStatement(count, carryOut).then(() => {
        for (const part of answer ?? []) client.write(part);
        answer = null;
      });
    };
    let isStarted = false;
    onMessages(client, 0, (type, bytes) => {
      // The first message has no type, and what leads to the first answer is no statement.
      if (!isStarted || type === 'p' || type === 'X') server.write(bytes);
      else if (LAST_OF_STATEMENT.includes(type)) begin(Buffer.concat([...statement.splice(0), bytes]));
      else statement.push(bytes);
      isStarted = true;
    });
    onMessages(server, 1, (type, bytes) => {
      if (answer === null) client.write(bytes);
      else answer.push(bytes);
      if (type === READY) answered();
    });
    client.on('close', () => {
      statement = [];
      void underWay.then(() => server.end());
    });
    server.on('close', () => {
      answered();
      client.destroy();
    });
  });
  const port = await listen(listener);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  return { port };
}

/** Each message as it came; the first has a type of so many bytes, and all others of one. */
function onMessages(socket: Socket, typeOfFirst: number, take: (type: string, bytes: Buffer) => void): void {
  let pending = Buffer.alloc(0);
  let typeBytes = typeOfFirst;
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= typeBytes + 4) {
      const end = typeBytes + pending.readUInt32BE(typeBytes);
      if (pending.length < end) return;
      const message = pending.subarray(0, end);
      pending = pending.subarray(end);
      const type = message.toString('latin1', 0, typeBytes);
      typeBytes = 1;
      take(type, message);
    }
  });
}
