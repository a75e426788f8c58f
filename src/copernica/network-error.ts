/** Where a network error happened. */
export interface NetworkPlace {
  /** `host:port` of the host to be reached. */
  readonly target: string;
  /** Whether a byte of the request may have left. */
  readonly sent: boolean;
}

/**
 * A network error in plain words, from its code alone: error messages can contain the URL, and that has the access
 * token.
 */
export function describeNetworkError(error: unknown, { target, sent }: NetworkPlace): string {
  const code = codeOf(error);
  const where = addressOf(error) ?? target;
  const hostname = property(error, 'hostname');
  const host = typeof hostname === 'string' ? hostname : target;
  if (/CERT|^ERR_SSL|^ERR_TLS|^EPROTO$|^UNABLE_TO|^DEPTH_ZERO|^UND_ERR_PRX_TLS$/.test(code)) {
    return `no TLS connection to ${where} (${code})`;
  }
  switch (code) {
    case 'HTTP_PARSER':
      return 'the answer is not HTTP';
    case 'ECONNRESET':
    case 'ECONNABORTED':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
      return sent ? 'the connection was closed before the answer came' : `the connection to ${where} was closed again`;
    case 'PROXY_CLOSED':
      return 'the proxy closed the connection';
    case 'ECONNREFUSED':
      return `connection refused by ${where}`;
    case 'ENOTFOUND':
      return `name not found: ${host}`;
    case 'EAI_AGAIN':
      return `the name can't be looked up at the moment: ${host}`;
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return `no connection to ${where} in time`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `no route to ${where}`;
    case 'UND_ERR_HEADERS_OVERFLOW':
      return 'the headers of the answer are too large';
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return 'the answer is not as long as it says';
    case 'UND_ERR_ABORTED':
      return proxyRefusal(error, target) ?? 'the request was interrupted';
    case 'UND_ERR_DESTROYED':
    case 'UND_ERR_CLOSED':
      return 'the client was closed';
    default:
      return `network error ${code}`;
  }
}

function codeOf(error: unknown): string {
  // This error comes without its code.
  if (property(error, 'name') === 'HTTPParserError') return 'HTTP_PARSER';
  const code = property(error, 'code');
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,60}$/.test(code) ? code : 'without a code';
}

/** The address that was tried; with a proxy, the proxy's. Happy Eyeballs reports an error for each address. */
function addressOf(error: unknown): string | null {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const address = property(first, 'address');
  const port = property(first, 'port');
  if (typeof address !== 'string' || typeof port !== 'number') return null;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** undici reports the proxy's status only in its message. */
function proxyRefusal(error: unknown, target: string): string | null {
  const status = error instanceof Error ? /^Proxy response \((\d{3})\)/.exec(error.message)?.[1] : undefined;
  return status === undefined ? null : `the proxy answered ${status} and opened no way to ${target}`;
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
