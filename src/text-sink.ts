import { fstatSync, writeFileSync } from 'node:fs';
import type { TextSink } from './host.js';

/**
 * Standard output or error for commands. Calls `onLost` for each result that could not be written because the disk is
 * full or the reader is gone; waits for a slow reader. Writing never throws.
 */
export function textSink(
  stream: NodeJS.WriteStream & { readonly fd: 1 | 2 },
  onLost: (error: unknown) => void,
): TextSink {
  // Each write reports its own failure. An error event without a listener would end the process.
  stream.on('error', () => {});
  const isFile = fstatSync(stream.fd).isFile();
  const write = (text: string, onError: (error: unknown) => void) => {
    // A daemon has no result, and so loses none on a full disk.
    if (text === '') return;
    if (isFile) writeToFile(stream.fd, text, onError);
    else stream.write(text, (error) => error && onError(error));
  };
  return {
    write: (text) => write(text, onLost),
    offer: (text) => write(text, () => {}),
    isTTY: stream.isTTY === true,
    // A terminal of unknown size reports 0.
    get columns() {
      return stream.columns || undefined;
    },
  };
}

/** Not with Node's stream, which reports success when the disk takes only the first half of a text. */
function writeToFile(fd: number, text: string, onError: (error: unknown) => void): void {
  try {
    writeFileSync(fd, text);
  } catch (error) {
    onError(error);
  }
}
