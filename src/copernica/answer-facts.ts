import { type AnswerHeaders, type Exchange, parseJson } from './answer.js';
import type { Redact } from './redact.js';

/** How JSON writes a value. `missing`: there is no such field. */
export type JsonForm = 'missing' | 'null' | 'text' | 'number' | 'other';

/** Headers that can name a new webhook. */
const ID_HEADERS = ['X-Created', 'X-Location', 'Location'] as const;

/** What an answer looked like, without any text of it, so that it can go into a bug report. */
export interface AnswerFacts {
  /** HTTP status. Null: no answer came. */
  readonly status: number | null;
  readonly durationMs: number;
  readonly idHeaders: readonly (typeof ID_HEADERS)[number][];
  /** How the body, if it is an object, writes these fields of a webhook. */
  readonly database: JsonForm;
  readonly collection: JsonForm;
  readonly removed: JsonForm;
  /** A header contains the access token. */
  readonly echoesToken: boolean;
}

/** `redact` removes the token from a text. */
export function factsOf(exchange: Exchange, durationMs: number, redact: Redact): AnswerFacts {
  const { status, headers, body } =
    exchange.kind === 'answer' ? exchange : { status: null, headers: {} as AnswerHeaders, body: '' };
  const json: unknown = typeof body === 'string' && /^\s*\{/.test(body) ? parseJson(body) : undefined;
  const fields = new Map(Object.entries(typeof json === 'object' && json !== null ? json : {}));
  const formOf = (field: string): JsonForm => {
    if (!fields.has(field)) return 'missing';
    const value: unknown = fields.get(field);
    if (value === null) return 'null';
    return typeof value === 'string' ? 'text' : typeof value === 'number' ? 'number' : 'other';
  };
  return {
    status,
    durationMs,
    idHeaders: ID_HEADERS.filter((name) => headers[name.toLowerCase()] !== undefined),
    database: formOf('database'),
    collection: formOf('collection'),
    removed: formOf('removed'),
    echoesToken: Object.values(headers)
      .flatMap((value) => value ?? [])
      .some((text) => redact(text) !== text),
  };
}
