/** One request as the sandbox sees it, from the wire or from a simulation. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  /** As sent, without the `?`; empty if there is none. */
  readonly query: string;
  /** Only the three that matter, in lower case. */
  readonly headers: {
    readonly host?: string;
    readonly 'content-type'?: string | undefined;
    readonly authorization?: string;
  };
  readonly body: string;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The length that the header promises if the body is cut short: the connection closes before that. */
  readonly promisedBytes?: number;
}

/** The wording of refusals, as seen on the live API: it differs between entities. */
export const REFUSALS = {
  token: 'Invalid access token',
  method: 'Invalid method',
  unknownId: 'No entity with supplied ID',
  unknownDatabase: 'No database with supplied ID',
  data: 'Invalid data provided',
  removed: 'This webhook has already been removed',
} as const;

export function empty(status: number, headers: Readonly<Record<string, string>> = {}): ApiResponse {
  return { status, headers, body: '' };
}

export function json(value: unknown, status = 200): ApiResponse {
  return { status, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) };
}

/** Copernica refuses with 400 for any reason; only v4 has other statuses, for access. */
export function refusal(message: string, status = 400): ApiResponse {
  return json({ error: { message } }, status);
}

const PAGE_LIMIT = { usual: 100, most: 1000 } as const;

/** The page of items that the query asks for, in the envelope of every list. */
export function page<T>(items: readonly T[], query: string, show: (item: T) => unknown): object {
  const asked = new URLSearchParams(query);
  const start = count(asked.get('start')) ?? 0;
  const limit = Math.min(count(asked.get('limit')) ?? PAGE_LIMIT.usual, PAGE_LIMIT.most);
  const data = items.slice(start, start + limit).map(show);
  return { start, limit, count: data.length, total: items.length, data };
}

function count(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

const TURNED_AWAY: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** The answer for a status that was ordered without a body: the load balancer's page, a refusal, or nothing. */
export function readyMade(status: number): ApiResponse {
  if (TURNED_AWAY.has(status)) return htmlPage(status, 'Loadbalancer Error', 'There are too many requests.');
  if (status >= 500) return htmlPage(status, 'Internal Server Error', 'Something went wrong.');
  return status >= 400 ? refusal(`Refused with status ${status}`, status) : empty(status);
}

/** As servers in front of the API answer when they are busy: HTML, never JSON. */
function htmlPage(status: number, title: string, text: string): ApiResponse {
  const body = `<!DOCTYPE html>
<html>
<head><title>${title}</title></head>
<body><h1>${title}</h1><p>${text} (${status})</p></body>
</html>
`;
  return { status, headers: { 'Content-Type': 'text/html; charset=utf-8' }, body };
}
