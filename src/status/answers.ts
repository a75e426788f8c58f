import { createHash } from 'node:crypto';
import type { Metrics } from './metrics.js';
import { statusPage } from './page.js';
import type { StatusSnapshot } from './snapshot.js';
import { STYLE } from './style.js';
import { parseView, queryOf } from './view.js';

export interface StatusAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
  /** Content-Security-Policy for the page; everything else gets the strictest. */
  readonly policy?: string;
}

export interface AnswerSource {
  snapshot(): StatusSnapshot;
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
  /** Removes secrets from all answers: the last safeguard. */
  readonly redact: (text: string) => string;
  /** A monotonic clock, in milliseconds. */
  now(): number;
}

export interface Answers {
  /** The answer to a GET of a path. Null: there is nothing. */
  readonly answer: (path: string, params: URLSearchParams) => Promise<StatusAnswer | null>;
  /** Something has changed: kept answers must not be used any more. */
  readonly forget: () => void;
}

/** How long an answer may be reused if nothing changes, so that a flood of requests costs no work. */
const KEPT_FOR_MS = 1_000;
/** Answers to keep, more than people ask for. Others have to wait, so that their cost is bounded. */
const MOST_KEPT = 20;

/** Allows only the page's style element, by its hash, and the icon in the page itself. */
const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function makeAnswers({ snapshot, metrics, redact, now }: AnswerSource): Answers {
  let edition: { readonly of: StatusSnapshot; readonly at: number } | null = null;
  const kept = new Map<string, Promise<StatusAnswer>>();
  const current = (): StatusSnapshot => {
    const at = now();
    if (edition === null || at - edition.at >= KEPT_FOR_MS) {
      edition = { of: snapshot(), at };
      kept.clear();
    }
    return edition.of;
  };
  const make = async (path: Path, params: URLSearchParams, of: StatusSnapshot): Promise<StatusAnswer> => {
    switch (path) {
      case '/': {
        const body = Buffer.from(redact(statusPage(of, parseView(params))));
        return { status: 200, type: 'text/html; charset=utf-8', body, policy: PAGE_POLICY };
      }
      case '/healthz':
        return textAnswer(200, redact(['alive', ...notes(of)].join('\n')));
      case '/readyz': {
        const lines = [of.ready ? 'ready' : 'not ready', ...of.notReadyBecause, ...notes(of)];
        return textAnswer(of.ready ? 200 : 503, redact(lines.join('\n')));
      }
      case '/metrics':
        return { status: 200, type: metrics.contentType, body: Buffer.from(redact(await metrics.text(of))) };
      case '/status.json': {
        const body = Buffer.from(redact(`${JSON.stringify(of)}\n`));
        return { status: 200, type: 'application/json; charset=utf-8', body };
      }
    }
  };
  return {
    forget: () => {
      edition = null;
    },
    answer: async (asked, params) => {
      const path = PATHS.find((each) => each === asked);
      if (path === undefined) return null;
      const of = current();
      const key = path === '/' ? queryOf(parseView(params)) : path;
      const known = kept.get(key);
      if (known !== undefined) return known;
      if (path === '/' && kept.size >= MOST_KEPT) {
        return textAnswer(429, 'too many different pages at once: ask again in a second');
      }
      const answer = make(path, params, of);
      kept.set(key, answer);
      return answer;
    },
  };
}

const PATHS = ['/', '/healthz', '/readyz', '/metrics', '/status.json'] as const;
type Path = (typeof PATHS)[number];

export function textAnswer(status: number, message: string): StatusAnswer {
  return { status, type: 'text/plain; charset=utf-8', body: Buffer.from(`${message}\n`) };
}

/** What does not make it unhealthy but should be seen. */
function notes({ accounts }: StatusSnapshot): string[] {
  return accounts.flatMap(({ name, health, manifest }) =>
    manifest.valid ? [] : [`${name === null ? '' : `${name}: `}${health.headline}`],
  );
}
