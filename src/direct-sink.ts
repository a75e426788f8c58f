import { fstatSync, writeSync } from 'node:fs';
import type { TextSink } from './host.js';

/**
 * Standard output or error without Node's stream over it, whose making takes a tenth of the time that Node takes to
 * start. The stream is made when it is needed: for a terminal, which it knows, and when the descriptor takes no more for
 * now. `openStream` gives it; what goes wrong with writing is told through it.
 */
export function directSink(fd: 1 | 2, openStream: () => NodeJS.WriteStream): TextSink {
  let stream: NodeJS.WriteStream | null = null;
  return {
    write: (text) => {
      const rest = stream === null ? writeNow(fd, Buffer.from(text)) : text;
      if (rest.length === 0) return;
      stream ??= openStream();
      stream.write(rest);
    },
    get isTTY() {
      if (!isCharacterDevice(fd)) return false;
      stream ??= openStream();
      return stream.isTTY === true;
    },
  };
}

/** Writes what can be written at once; gives what could not. */
function writeNow(fd: number, bytes: Uint8Array): Uint8Array {
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(fd, bytes, written);
  } catch {
    // EAGAIN: the reader is slow. Anything else fails again in the stream, which tells it in Node's own way.
  }
  return bytes.subarray(written);
}

function isCharacterDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}
