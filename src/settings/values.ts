import { isLoopback } from '../loopback.js';

/** Text → value, for every kind of setting. Each returns undefined for what it does not accept. */

const DURATION_UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const LONGEST_DURATION_MS = 24 * 3_600_000;

/** `500ms`, `30s`, `5m`, `1h`, or `0`: to milliseconds, at least so many. */
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

const TRUE_WORDS = new Set(['true', '1', 'yes', 'on']);
const FALSE_WORDS = new Set(['false', '0', 'no', 'off']);

export function parseBoolean(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (TRUE_WORDS.has(word)) return true;
  return FALSE_WORDS.has(word) ? false : undefined;
}

export function parseInteger(text: string, from: number, to: number): number | undefined {
  if (!/^\d{1,16}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= from && value <= to ? value : undefined;
}

/** Https, or plain http to a loopback address: nobody on the way reads what is sent. */
export function isSafeToSend(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

/**
 * An origin to send the token to: https, or plain http to a loopback address.
 * Without user info, query or fragment, so that it can be printed; a trailing slash is dropped.
 */
export function parseApiUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined;
  return isSafeToSend(url) ? url.href.replace(/\/+$/, '') : undefined;
}

export function parseOneOf<T extends string>(text: string, values: readonly T[]): T | undefined {
  return values.find((value) => value === text);
}

const SCHEDULE_FIELD = /^[\d*,/\-A-Za-z]+$/;

/** Cron's five fields, loosely: what is in them is judged where the schedule is made. `off`: no schedule. */
export function parseScheduleShape(text: string): string | undefined {
  if (text === 'off') return text;
  const fields = text.trim().split(/\s+/);
  return fields.length === 5 && fields.every((field) => SCHEDULE_FIELD.test(field)) ? fields.join(' ') : undefined;
}

/** `*`, a step, or one number; and for the day of the week also the working days. */
const PLAIN_SCHEDULE =
  /^(\*|\*\/([1-9]|[1-5]\d)|[0-5]?\d) (\*|\*\/([1-9]|1\d|2[0-3])|1?\d|2[0-3]) \* \* (\*|[0-6]|1-5)$/;

/** Whether anybody sees that it names times. The others are judged where schedules are made, which is slow to load. */
export function isPlainSchedule(text: string): boolean {
  return text === 'off' || PLAIN_SCHEDULE.test(text);
}

/** Names of the IANA time zone database, as the running Node knows them. */
export function parseTimezone(text: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone === '' ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Where the status server listens. `host` null: on all addresses. An IPv6 address stands without brackets. */
export interface ListenAddress {
  readonly host: string | null;
  /** 0: any free one. */
  readonly port: number;
}

const HIGHEST_PORT = 65_535;
const LONGEST_HOST_NAME = 253;
/** Underscores too: names of compose services have them. */
const HOST_LABEL = /^[a-z\d_]([a-z\d_-]{0,61}[a-z\d_])?$/i;

function isHostName(text: string): boolean {
  return text.length <= LONGEST_HOST_NAME && text.split('.').every((label) => HOST_LABEL.test(label));
}

/** Host names with commas between them: in lower case, without a dot at the end. */
export function parseHostNames(text: string): string[] | undefined {
  const names = text.split(',').map((name) => name.trim().toLowerCase().replace(/\.$/, ''));
  return names.every(isHostName) ? names : undefined;
}

/** `host:port`, `[::1]:port`, `:port` for all addresses, or `off`. */
export function parseListen(text: string): ListenAddress | 'off' | undefined {
  if (text === 'off') return 'off';
  const [, host = '', digits = ''] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  const port = parseInteger(digits, 0, HIGHEST_PORT);
  if (port === undefined) return undefined;
  if (host === '') return { host: null, port };
  const inBrackets = /^\[([\da-fA-F:.]+)\]$/.exec(host)?.[1];
  if (inBrackets !== undefined) {
    return URL.canParse(`http://[${inBrackets}]/`) ? { host: inBrackets, port } : undefined;
  }
  return isHostOrIpv4(host) ? { host, port } : undefined;
}

/** What looks like an IPv4 address has to be one: `127.1` and `256.0.0.1` are no names either. */
function isHostOrIpv4(host: string): boolean {
  if (!isHostName(host) || !URL.canParse(`http://${host}/`)) return false;
  return !/^[\d.]+$/.test(host) || new URL(`http://${host}/`).hostname === host;
}

/** As a user would write it. */
export function formatListen({ host, port }: ListenAddress): string {
  return `${host?.includes(':') ? `[${host}]` : (host ?? '')}:${port}`;
}
