import type { Host, TextSink } from '../host.js';
import { cutColumns } from '../text/width.js';

/** Returns to the beginning of the line and clears it. */
const CLEAR = '\r\u001b[K';
const USUAL_COLUMNS = 80;

export interface LiveLine {
  /** For everything else that is written: it appears above the line. */
  readonly host: Host;
  /** Writes the current text. */
  show(): void;
  clear(): void;
}

/**
 * The last line of a terminal, rewritten in place. `textNow` gives its text each time, printable, and empty if there is
 * nothing to show. It is on stderr, which must be a terminal that supports this.
 */
export function liveLine(host: Host, textNow: () => string): LiveLine {
  let isShown = false;
  const clear = () => {
    if (isShown) host.stderr.offer(CLEAR);
    isShown = false;
  };
  const show = () => {
    const text = textNow();
    if (text === '') return clear();
    isShown = true;
    // After the last column a terminal may start a new line, which nothing would clear.
    const width = (host.stderr.columns ?? USUAL_COLUMNS) - 1;
    host.stderr.offer(`${CLEAR}${cutColumns(text, width)}`);
  };
  const above = (write: () => void) => {
    const wasShown = isShown;
    clear();
    write();
    if (wasShown) show();
  };
  const sinkAbove = (sink: TextSink): TextSink => ({
    write: (text) => above(() => sink.write(text)),
    offer: (text) => above(() => sink.offer(text)),
    isTTY: sink.isTTY,
    get columns() {
      return sink.columns;
    },
  });
  const exitNow = (code: number) => {
    clear();
    return host.exitNow(code);
  };
  return { host: { ...host, stdout: sinkAbove(host.stdout), stderr: sinkAbove(host.stderr), exitNow }, show, clear };
}
