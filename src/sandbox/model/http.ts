/** One request as the sandbox sees it, off the wire or out of a simulation. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  /** As sent, without the `?`; empty when there is none. */
  readonly query: string;
  /** Only the three that count, in lower case. */
  readonly headers: {
    readonly host?: string | undefined;
    readonly 'content-type'?: string | undefined;
    readonly authorization?: string | undefined;
  };
  readonly body: string;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Length in bytes that the header promises when the body is cut short: the connection closes before it is reached. */
  readonly promisedBytes?: number;
}

/** The wording of refusals, as seen on the live API: which differs from one entity to another. */
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

/** Copernica refuses with 400 whatever the reason; only v4 has other statuses, for access. */
export function refusal(message: string, status = 400): ApiResponse {
  return json({ error: { message } }, status);
}

const TURNED_AWAY: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** What is sent with a status that was ordered without a body: the load balancer's page, a refusal, or nothing. */
export function readyMade(status: number): ApiResponse {
  if (TURNED_AWAY.has(status)) return loadBalancerPage(status);
  if (status >= 500)
    return { status, headers: { 'Content-Type': 'text/html' }, body: '<h1>Internal Server Error</h1>' };
  if (status >= 400) return refusal(`Refused with status ${status}`, status);
  return empty(status);
}

/** The page that stands in front of the API when it is busy: HTML, never JSON. */
function loadBalancerPage(status: number): ApiResponse {
  const body = `<!DOCTYPE html>
<html>
<head><title>Loadbalancer Error</title></head>
<body>
<h1>Loadbalancer Error</h1>
<p>There are too many requests at the moment. Please try again later. (${status})</p>
</body>
</html>
`;
  return { status, headers: { 'Content-Type': 'text/html; charset=utf-8' }, body };
}
