import { fstatSync, writeSync } from 'node:fs';
import { errorCode } from './errors.js';
import type { TextSink } from './host.js';

export interface DirectSinkOptions {
  readonly openStream: () => NodeJS.WriteStream;
  /** A result was lost: the disk is full, say. Not told of a reader that went away, nor of what was only offered. */
  readonly onLost: (error: Error) => void;
}

/**
 * Standard output or error without Node's stream over it, whose making takes a tenth of the time that Node takes to
 * start. The stream is made when it is needed: for a terminal, which it knows, and when the descriptor takes no more for
 * now. Writing never throws.
 */
export function directSink(fd: 1 | 2, { openStream, onLost }: DirectSinkOptions): TextSink {
  let stream: NodeJS.WriteStream | null = null;
  const lost = (error: unknown) => {
    // A reader that went away (`| head`) is not our failure: what was sent is recorded all the same.
    if (error instanceof Error && errorCode(error) !== 'EPIPE') onLost(error);
  };
  const write = (text: string, onError: (error: unknown) => void) => {
    let rest: Uint8Array | string = text;
    if (stream === null) {
      const written = writeNow(fd, Buffer.from(text));
      if (written.error !== null && errorCode(written.error) !== 'EAGAIN') return onError(written.error);
      rest = written.rest;
    }
    if (rest.length === 0) return;
    stream ??= listenedTo(openStream());
    stream.write(rest, (error) => error && onError(error));
  };
  return {
    write: (text) => write(text, lost),
    offer: (text) => write(text, () => {}),
    get isTTY() {
      if (stream !== null) return stream.isTTY === true;
      if (!isCharacterDevice(fd)) return false;
      const opened = listenedTo(openStream());
      // /dev/null and /dev/full are character devices too, and no terminals.
      if (opened.isTTY === true) stream = opened;
      return opened.isTTY === true;
    },
  };
}

/** Whoever wrote is told by the write itself; an event that nobody listens to would end the process. */
function listenedTo(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  return stream.off('error', ignore).on('error', ignore);
}

function ignore(): void {}

/** Writes what can be written at once; gives what could not, and why: EAGAIN is a reader that is slow. */
function writeNow(fd: number, bytes: Uint8Array): { readonly rest: Uint8Array; readonly error: unknown } {
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(fd, bytes, written);
    return { rest: bytes.subarray(written), error: null };
  } catch (error) {
    return { rest: bytes.subarray(written), error };
  }
}

function isCharacterDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}
