/** Header names in lower case. A header that came several times is a list. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The status line and the headers arrived, the body did not arrive whole or can't be read. */
export interface BrokenBody {
  /** `encoded`: in gzip or the like, although that was not asked for. */
  readonly broken: 'too-large' | 'lost' | 'time-out' | 'encoded';
  /** What happened, to follow a comma. */
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

/** `sent`: whether a byte of the request may have left. `message` names no URL but host and port. */
export interface NoAnswer {
  readonly kind: 'no-answer';
  readonly sent: boolean;
  readonly message: string;
}

/** What became of one HTTP request. */
export type Exchange = Answer | NoAnswer;

/** Of an error's text, what is looked at. */
const ERROR_CHARACTERS = 4096;

/**
 * What the API's own `{"error":{"message":"…"}}`, or a list in `error.errors`, says; null where the body is something
 * else. Cut, since whoever looks for something in it would look through megabytes.
 */
export function apiMessage(body: Answer['body']): string | null {
  const error = errorIn(body);
  if (!isRecord(error)) return null;
  const texts = [error, ...(Array.isArray(error.errors) ? error.errors : [])].flatMap(textOf);
  return texts.length === 0 ? null : texts.join('; ').slice(0, ERROR_CHARACTERS);
}

/** What an error in JSON says, be it the API's or `{"error":"…"}`, as others on the way write it. */
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

/** Undefined: it is no JSON. */
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
 * Unknown ids are refused in words that differ: `No entity with supplied ID`, `No database with supplied ID`,
 * `No collection with given ID` were seen, and `This <entity> has already been removed` for a second DELETE. How a
 * webhook's is worded is not known. Words about a database or collection, which it may be limited to, are not about its
 * id.
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
 * `Invalid access token`: everything that the API refuses answers 400, a bad token too. A 401 is taken for the same
 * whatever is in it, as it only leads to another JWT and to a hint: what a 401 did is for `isRefusal` to say.
 */
export function saysBadToken(exchange: Exchange): boolean {
  if (exchange.kind === 'no-answer') return false;
  if (exchange.status === 401) return true;
  if (exchange.status !== 400) return false;
  const message = apiMessage(exchange.body) ?? '';
  return /\btoken\b/i.test(message) && /invalid|expired/i.test(message);
}
