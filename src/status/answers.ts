import { createHash } from 'node:crypto';
import { statusPage } from './page.js';
import type { StatusSnapshot } from './snapshot.js';
import { STYLE } from './style.js';
import { parseView, queryOf, type View } from './view.js';

export interface StatusAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
  /** Content-Security-Policy, for the page; everything else gets the strictest. */
  readonly policy?: string;
}

/** What is answered to a GET of a path; null: there is nothing there. */
export type Answers = (path: string, params: URLSearchParams) => Promise<StatusAnswer | null>;

export interface AnswerSource {
  snapshot(): StatusSnapshot;
  metrics(snapshot: StatusSnapshot): Promise<string>;
  readonly metricsType: string;
  /** Takes secrets out of everything that is answered: the last net. */
  readonly redact: (text: string) => string;
  /** How often something has changed. */
  changes(): number;
  /** Milliseconds on a clock that only goes forward. */
  now(): number;
}

/** What was made is answered again for so long, unless something changes: a flood of requests costs no work. */
const KEPT_FOR_MS = 1_000;
/** Filtered and sorted pages that are made in that time: more than people ask for, and bounded in what they cost. */
const MOST_PAGES = 20;

/** Only the style element of the page, by its hash, and the icon that the page itself holds. */
const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Everything that was made from one snapshot. */
interface Edition {
  readonly snapshot: StatusSnapshot;
  readonly changes: number;
  readonly madeAt: number;
  readonly answers: Map<string, Promise<StatusAnswer>>;
  readonly pages: Map<string, StatusAnswer>;
}

export function makeAnswers(source: AnswerSource): Answers {
  let edition: Edition | null = null;
  const current = (): Edition => {
    const [changes, madeAt] = [source.changes(), source.now()];
    if (edition === null || edition.changes !== changes || madeAt - edition.madeAt >= KEPT_FOR_MS) {
      edition = { snapshot: source.snapshot(), changes, madeAt, answers: new Map(), pages: new Map() };
    }
    return edition;
  };
  return async (path, params) => {
    if (path === '/') return pageAnswer(current(), parseView(params), source);
    const make = MAKERS[path];
    if (make === undefined) return null;
    const { answers, snapshot } = current();
    const answer = answers.get(path) ?? make(snapshot, source);
    answers.set(path, answer);
    return answer;
  };
}

function pageAnswer({ pages, snapshot }: Edition, view: View, { redact }: AnswerSource): StatusAnswer {
  const query = queryOf(view);
  const known = pages.get(query);
  if (known !== undefined) return known;
  if (pages.size >= MOST_PAGES) return textAnswer(429, 'too many different pages at once: ask again in a second');
  const body = Buffer.from(redact(statusPage(snapshot, view)));
  const answer = { status: 200, type: 'text/html; charset=utf-8', body, policy: PAGE_POLICY };
  pages.set(query, answer);
  return answer;
}

type Maker = (snapshot: StatusSnapshot, source: AnswerSource) => Promise<StatusAnswer>;

const MAKERS: Readonly<Record<string, Maker>> = {
  '/healthz': async (snapshot, { redact }) => textAnswer(200, redact(['alive', ...notes(snapshot)].join('\n'))),
  '/readyz': async (snapshot, { redact }) => {
    const { ready, notReadyBecause } = snapshot;
    const lines = [ready ? 'ready' : 'not ready', ...notReadyBecause, ...notes(snapshot)];
    return textAnswer(ready ? 200 : 503, redact(lines.join('\n')));
  },
  '/metrics': async (snapshot, { metrics, metricsType, redact }) => {
    return { status: 200, type: metricsType, body: Buffer.from(redact(await metrics(snapshot))) };
  },
  '/status.json': async (snapshot, { redact }) => {
    const body = Buffer.from(redact(`${JSON.stringify(snapshot)}\n`));
    return { status: 200, type: 'application/json; charset=utf-8', body };
  },
};

export function textAnswer(status: number, message: string): StatusAnswer {
  return { status, type: 'text/plain; charset=utf-8', body: Buffer.from(`${message}\n`) };
}

/** What does not make it unhealthy, and should be seen all the same. */
function notes({ accounts }: StatusSnapshot): string[] {
  return accounts.flatMap(({ name, health, manifest }) =>
    manifest.valid ? [] : [`${name === null ? '' : `${name}: `}${health.headline}`],
  );
}
