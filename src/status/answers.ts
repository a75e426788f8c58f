import { createHash } from 'node:crypto';
import { statusPage } from './page.js';
import type { StatusSnapshot } from './snapshot.js';
import { STYLE } from './style.js';
import { parseView } from './view.js';

export interface StatusAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  /** Content-Security-Policy, for the page; everything else gets the strictest. */
  readonly policy?: string;
}

/** What is answered to a GET of a path; null: there is nothing there. */
export type Answers = (path: string, params: URLSearchParams) => Promise<StatusAnswer | null>;

const TEXT = 'text/plain; charset=utf-8';

/** Only the style element of the page, by its hash, and the icon that the page itself holds. */
const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function makeAnswers(source: {
  readonly snapshot: () => StatusSnapshot;
  readonly metrics: () => Promise<string>;
  readonly metricsType: string;
  readonly redact: (text: string) => string;
}): Answers {
  const { snapshot, redact } = source;
  return async (path, params) => {
    switch (path) {
      case '/':
        return {
          status: 200,
          type: 'text/html; charset=utf-8',
          body: redact(statusPage(snapshot(), parseView(params))),
          policy: PAGE_POLICY,
        };
      case '/healthz':
        return { status: 200, type: TEXT, body: redact(lines('alive', notes(snapshot()))) };
      case '/readyz': {
        const now = snapshot();
        const body = lines(now.ready ? 'ready' : 'not ready', [...now.notReadyBecause, ...notes(now)]);
        return { status: now.ready ? 200 : 503, type: TEXT, body: redact(body) };
      }
      case '/metrics':
        return { status: 200, type: source.metricsType, body: redact(await source.metrics()) };
      case '/status.json':
        return {
          status: 200,
          type: 'application/json; charset=utf-8',
          body: redact(`${JSON.stringify(snapshot())}\n`),
        };
      default:
        return null;
    }
  };
}

/** What does not make it unhealthy, and should be seen all the same. */
function notes({ accounts }: StatusSnapshot): string[] {
  return accounts.flatMap(({ name, health, manifest }) =>
    manifest.valid ? [] : [`${name === null ? '' : `${name}: `}${health.headline}`],
  );
}

function lines(first: string, others: readonly string[]): string {
  return `${[first, ...others].join('\n')}\n`;
}
