/** Header names in lower case. A header that came several times is a list. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The status line and the headers arrived, but the body is incomplete or unreadable. */
export interface BrokenBody {
  /** `encoded`: compressed with gzip or the like, although that was not asked for. */
  readonly broken: 'too-large' | 'lost' | 'time-out' | 'encoded';
  /** What happened, as the end of a sentence, after a comma. */
  readonly message: string;
}

/** An answer of the API, or of anything on the way to it. */
export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: string | BrokenBody;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
}

/** `sent`: whether a byte of the request may have left. `message` names only host and port of a URL. */
export interface NoAnswer {
  readonly kind: 'no-answer';
  readonly sent: boolean;
  readonly message: string;
}

/** The result of one HTTP request. */
export type Exchange = Answer | NoAnswer;

/** How much of an error's text is examined. */
const ERROR_CHARACTERS = 4096;

/**
 * The message of the API's own `{"error":{"message":"…"}}`, or of a list in `error.errors`. Null: the body is something
 * else. Cut, since searching megabytes would take too long.
 */
export function apiMessage(body: Answer['body']): string | null {
  const error = errorIn(body);
  if (!isRecord(error)) return null;
  const texts = [error, ...(Array.isArray(error.errors) ? error.errors : [])].flatMap(textOf);
  return texts.length === 0 ? null : texts.join('; ').slice(0, ERROR_CHARACTERS);
}

/** The message of an error in JSON, either the API's or `{"error":"…"}`, the form that others on the way use. */
export function errorText(body: Answer['body']): string | null {
  const error = errorIn(body);
  return typeof error === 'string' ? error.slice(0, ERROR_CHARACTERS) : apiMessage(body);
}

function errorIn(body: Answer['body']): unknown {
  const json = typeof body === 'string' ? parseJson(body) : undefined;
  return isRecord(json) ? json.error : undefined;
}

function textOf(error: unknown): string[] {
  const text = isRecord(error) ? error.message : error;
  return typeof text === 'string' ? [text] : [];
}

/** Undefined: it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Refusals of unknown ids are worded differently: `No entity with supplied ID`, `No database with supplied ID` and `No
 * collection with given ID` were seen, and `This <entity> has already been removed` for a second DELETE. The wording
 * for a webhook is not known. Text about a database or collection, to which it may be limited, is not about its id.
 */
const GONE = {
  webhook:
    /\bno (?:entity|webhook) with (?:the )?(?:supplied|given) id\b|(?<!\b(?:database|collection) has )already been removed\b/i,
  database: /\bno (?:entity|database) with (?:the )?(?:supplied|given) id\b|\balready been removed\b/i,
} as const;

/** The API itself says that there is no such webhook or database (any more). */
export function saysGone(answer: Answer, asked: keyof typeof GONE): boolean {
  if ((answer.status !== 400 && answer.status !== 404) || saysBadToken(answer)) return false;
  return GONE[asked].test(apiMessage(answer.body) ?? '');
}

/**
 * `Invalid access token`: the API refuses everything with 400, including a bad token. Any 401 counts as well, since
 * that only leads to another JWT and to a hint; `isRefusal` decides what a 401 means for the request.
 */
export function saysBadToken(exchange: Exchange): boolean {
  if (exchange.kind === 'no-answer') return false;
  if (exchange.status === 401) return true;
  if (exchange.status !== 400) return false;
  const message = apiMessage(exchange.body) ?? '';
  return /\btoken\b/i.test(message) && /invalid|expired/i.test(message);
}
