import { fstatSync, writeFileSync } from 'node:fs';
import type { TextSink } from './host.js';

/**
 * Standard output or error as the commands write to it. `onLost` is told of each result that could not be written,
 * because the disk is full or the reader is gone; a slow reader is waited for. Writing never throws.
 */
export function textSink(
  stream: NodeJS.WriteStream & { readonly fd: 1 | 2 },
  onLost: (error: unknown) => void,
): TextSink {
  // Each write is told of its own failure. An error event that nobody listens to would end the process.
  stream.on('error', () => {});
  const isFile = fstatSync(stream.fd).isFile();
  const write = (text: string, onError: (error: unknown) => void) => {
    // A daemon has no result, and loses none on a full disk.
    if (text === '') return;
    if (isFile) writeToFile(stream.fd, text, onError);
    else stream.write(text, (error) => error && onError(error));
  };
  return {
    write: (text) => write(text, onLost),
    offer: (text) => write(text, () => {}),
    isTTY: stream.isTTY === true,
    // A terminal that was not told its size says 0.
    get columns() {
      return stream.columns || undefined;
    },
  };
}

/** Not by Node's stream, which is content when the disk takes the first half of a text and has no room for the rest. */
function writeToFile(fd: number, text: string, onError: (error: unknown) => void): void {
  try {
    writeFileSync(fd, text);
  } catch (error) {
    onError(error);
  }
}
