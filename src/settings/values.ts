import { isLoopback } from '../loopback.js';

/** Text → value, for every kind of setting, in linear time. Each returns undefined for what it does not accept. */

const DURATION_UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const LONGEST_DURATION_MS = 24 * 3_600_000;

/** `500ms`, `30s`, `5m`, `1h` or `0`, in milliseconds and not below `leastMs`. */
export function parseDuration(text: string, leastMs = 0): number | undefined {
  if (text === '0') return leastMs === 0 ? 0 : undefined;
  const match = /^(\d{1,9})(ms|s|m|h)$/.exec(text);
  const unit = DURATION_UNITS_MS[match?.[2] ?? ''];
  if (match === null || unit === undefined) return undefined;
  const ms = Number(match[1]) * unit;
  return ms >= leastMs && ms <= LONGEST_DURATION_MS ? ms : undefined;
}

/** The shortest form that `parseDuration` reads back. */
export function formatDuration(ms: number): string {
  const units = Object.entries(DURATION_UNITS_MS).filter(([, unit]) => ms % unit === 0);
  const [name, unit] = units.at(-1) ?? ['ms', 1];
  return ms === 0 ? '0' : `${ms / unit}${name}`;
}

export function parseInteger(text: string, from: number, to: number): number | undefined {
  if (!/^\d{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= from && value <= to ? value : undefined;
}

/** No server accepts longer ones, and for some Node's own parser takes more than linear time. */
const LONGEST_URL_CHARS = 8_192;

function parseUrl(text: string): URL | undefined {
  return text.length <= LONGEST_URL_CHARS && URL.canParse(text) ? new URL(text) : undefined;
}

/** Https, or plain http to a loopback address: nobody on the way can read what is sent. */
function isSafeToSend(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

/**
 * A URL to send the token to: https, or plain http to a loopback address. Without user info, query and fragment, so
 * that it can be printed; trailing slashes are dropped.
 */
export function parseApiUrl(text: string): string | undefined {
  const url = parseUrl(text);
  if (url === undefined || !isSafeToSend(url)) return undefined;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined;
  let end = url.href.length;
  while (url.href[end - 1] === '/') end -= 1;
  return url.href.slice(0, end);
}

/** The address for notices, unchanged: `https://…`; or `off`. */
export function parseNotifyUrl(text: string): string | undefined {
  const trimmed = text.trim();
  if (trimmed === 'off') return trimmed;
  const url = parseUrl(trimmed);
  if (url === undefined || /\s/.test(trimmed) || !isSafeToSend(url)) return undefined;
  return url.username === '' && url.password === '' && url.hash === '' ? trimmed : undefined;
}

/** Shorter parts of a URL are words; hiding those wherever they appear would hide half of every message. */
const SHORTEST_SECRET_PART = 20;

/**
 * The secret parts of a notify URL: all of it, and the parts that give access, such as the last one of a Slack webhook,
 * which a message could contain on its own.
 */
export function secretsOfNotifyUrl(text: string): readonly string[] {
  const trimmed = text.trim().slice(0, LONGEST_URL_CHARS);
  const url = parseUrl(trimmed);
  if (url === undefined) return [trimmed];
  const parts = [...url.pathname.split('/'), ...url.searchParams.values()];
  return [trimmed, url.href, ...parts.filter((part) => part.length >= SHORTEST_SECRET_PART)];
}

/**
 * Whether an unusable value may contain a password or a token, so that no message may quote it: it has user info, or is
 * a URL with a query or fragment.
 */
export function mayBeSecret(text: string): boolean {
  return text.includes('@') || (text.includes('://') && /[?#]/.test(text));
}

/** The longest of them has 32. */
const LONGEST_TIMEZONE_CHARS = 100;

/** Names of the IANA time zone database, as the running Node knows them. */
export function parseTimezone(text: string): string | undefined {
  if (text.length > LONGEST_TIMEZONE_CHARS) return undefined;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone === '' ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Where the status server listens. `host` null: on all addresses. An IPv6 address has no brackets. */
export interface ListenAddress {
  readonly host: string | null;
  /** 0: any free one. */
  readonly port: number;
}

const HIGHEST_PORT = 65_535;
const LONGEST_HOST_NAME = 253;
/** With underscores, which names of compose services contain. */
const HOST_LABEL = /^[a-z\d_]([a-z\d_-]{0,61}[a-z\d_])?$/;

/** Host names separated by commas: in lower case, without a final dot. */
export function parseHostNames(text: string): string[] | undefined {
  const names = text.split(',').map((name) => name.trim().toLowerCase().replace(/\.$/, ''));
  return names.every(isHostName) ? names : undefined;
}

function isHostName(text: string): boolean {
  return text.length <= LONGEST_HOST_NAME && text.split('.').every((label) => HOST_LABEL.test(label));
}

/** `host:port`, `[::1]:port`, `:port` for all addresses, or `off`. */
export function parseListen(text: string): ListenAddress | 'off' | undefined {
  if (text === 'off') return 'off';
  const colon = text.lastIndexOf(':');
  const port = parseInteger(text.slice(colon + 1), 0, HIGHEST_PORT);
  if (port === undefined || colon < 0 || colon > LONGEST_HOST_NAME) return undefined;
  const host = text.slice(0, colon).toLowerCase();
  if (host === '') return { host: null, port };
  if (!URL.canParse(`http://${host}/`)) return undefined;
  const inBrackets = /^\[(.+)\]$/.exec(host)?.[1];
  if (inBrackets !== undefined) return { host: inBrackets, port };
  // A host that would be read as another one is refused: some read `127.1` as an address, `user@host` as a host.
  return isHostName(host) && new URL(`http://${host}/`).host === host ? { host, port } : undefined;
}

/** As a user would write it. */
export function formatListen({ host, port }: ListenAddress): string {
  return `${host?.includes(':') ? `[${host}]` : (host ?? '')}:${port}`;
}
