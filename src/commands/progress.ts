import type { Logger } from 'pino';
import type { TextSink } from '../host.js';
import { roughDuration } from '../text/rough-duration.js';

/** Fewer changes than this are done before anybody wonders. */
const WORTH_SHOWING = 100;
/** How often progress shows: each step of so many percent. */
const STEP_PERCENT = { terminal: 1, log: 10 };

/**
 * Progress of long work: a line that is rewritten on a terminal, a log line at every tenth elsewhere, and where several
 * accounts are worked on: they would rewrite each other's.
 */
export function progressReporter(
  sink: TextSink,
  log: Logger,
  { alone, now = () => performance.now() }: { readonly alone: boolean; readonly now?: () => number },
) {
  const rewrites = sink.isTTY && alone;
  const step = rewrites ? STEP_PERCENT.terminal : STEP_PERCENT.log;
  let shown = 0;
  let shownFor = '';
  let begunAt = 0;
  let open = false;
  return {
    update: (done: number, total: number, doing: string): void => {
      const percent = Math.floor((done / total) * 100);
      if (doing !== shownFor) {
        shown = 0;
        begunAt = now();
      }
      shownFor = doing;
      if (total < WORTH_SHOWING || percent < shown + step) return;
      shown = percent;
      const left = roughDuration(((now() - begunAt) / done) * (total - done));
      if (!rewrites) log.info({ done, total, left }, doing);
      else {
        sink.write(`\r\u001b[K${doing}: ${done} of ${total} (${percent} %), about ${left} left`);
        open = true;
      }
    },
    end: (): void => {
      if (open) sink.write('\r\u001b[K');
      open = false;
    },
  };
}
