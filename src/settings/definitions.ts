import { NOTIFY_ACCEPTS, type NotifyUrl, parseNotifyUrl } from './notify-url.js';
import {
  formatDuration,
  type ListenAddress,
  parseApiUrl,
  parseBoolean,
  parseDuration,
  parseHostNames,
  parseInteger,
  parseListen,
  parseOneOf,
  parseScheduleShape,
  parseTimezone,
} from './values.js';

/** Commands that take settings. */
export type CommandName =
  | 'validate'
  | 'plan'
  | 'apply'
  | 'run'
  | 'list'
  | 'import'
  | 'forget'
  | 'discover'
  | 'doctor'
  | 'healthcheck';

/**
 * One setting: where it comes from, what it accepts, what it is when nobody says anything.
 * `flag` and `environment` are the outside of the product; the key in the settings file is the flag's name.
 */
export interface Setting<T> {
  readonly name: string;
  /** Null: it has none, as with a secret, which every user of the machine could see on the command line. */
  readonly flag: string | null;
  readonly environment: string;
  readonly help: string;
  readonly accepts: string;
  readonly fallback: T;
  /** The default as a user would write it, where that is not its plain text. */
  readonly shown?: string;
  /** The only values there are, where that is so: for help and completion. */
  readonly choices?: readonly string[];
  /** Its value is in no message. */
  readonly secret?: true;
  /** What else there is to know: whole sentences, for the settings file and the reference. */
  readonly note?: string;
  /** A value to show in the settings file where there is no default. */
  readonly example?: string;
  readonly parse: (text: string) => T | undefined;
  readonly commands: readonly CommandName[];
}

const ALL: readonly CommandName[] = ['validate', 'plan', 'apply', 'run', 'list', 'import', 'forget', 'discover'];
const RECONCILING: readonly CommandName[] = ['plan', 'apply', 'run'];
const API: readonly CommandName[] = [...RECONCILING, 'import', 'discover'];
const APPLYING: readonly CommandName[] = ['apply', 'run'];
const ASKING: readonly CommandName[] = [...API, 'doctor'];
const WRITERS: readonly CommandName[] = [...APPLYING, 'import', 'forget', 'discover'];

const ON_UNCERTAIN = ['recover', 'hold'] as const;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
const LOG_FORMATS = ['pretty', 'json'] as const;
const API_VERSIONS = ['3', '4'] as const;

function setting<T>(
  name: string,
  flag: string | null,
  rest: Omit<Setting<T>, 'name' | 'flag' | 'environment'>,
): Setting<T> {
  return { name, flag, environment: environmentName(name), ...rest };
}

const API_ENVIRONMENT: ReadonlySet<string> = new Set(['api-url', 'api-version', 'auth-url']);

function environmentName(name: string): string {
  const prefix = API_ENVIRONMENT.has(name) ? 'COPERNICA_' : 'COPERNICA_WEBHOOKS_';
  return prefix + name.toUpperCase().replaceAll('-', '_');
}

const nonEmpty = (text: string): string | undefined => (text.trim() === '' ? undefined : text);

function toggle(name: string, help: string, commands: readonly CommandName[]): Setting<boolean> {
  return setting(name, `--${name}`, { help, accepts: 'true or false', fallback: false, parse: parseBoolean, commands });
}

function duration(
  name: string,
  help: string,
  fallback: number,
  commands: readonly CommandName[],
  leastMs = 0,
): Setting<number> {
  const least = leastMs === 0 ? '' : `at least ${formatDuration(leastMs)} and `;
  const accepts = `a duration such as 500ms, 30s or 5m, ${least}at most 24h`;
  return setting(name, `--${name} <duration>`, {
    help,
    accepts,
    fallback,
    shown: formatDuration(fallback),
    parse: (text) => parseDuration(text, leastMs),
    commands,
  });
}

/** Below that, every request fails before an answer can come. */
const SHORTEST_TIMEOUT_MS = 100;

/** Every setting, in the order in which help and the reference show them. */
export const SETTINGS = {
  file: setting<string>('file', '-f, --file <path>', {
    help: 'the manifest: the webhooks that should exist',
    accepts: 'a path',
    fallback: 'webhooks.yaml',
    parse: nonEmpty,
    commands: [...ALL, 'doctor'],
  }),
  state: setting<string>('state', '--state <path>', {
    help: 'the state file: what has been made before',
    accepts: 'a path',
    fallback: 'webhooks.state.jsonl',
    note: 'Keep it on a volume; its lock stands beside it.',
    parse: nonEmpty,
    commands: ['plan', 'apply', 'run', 'list', 'import', 'forget', 'discover', 'doctor'],
  }),
  sandbox: toggle('sandbox', 'use the built-in stand-in for the API, with a state of its own: no account needed', [
    ...RECONCILING,
    'doctor',
  ]),
  apiUrl: setting<string>('api-url', '--api-url <url>', {
    help: 'host of the API',
    accepts: 'an https URL (plain http only to a loopback address), without user info or query',
    fallback: 'https://api.copernica.com',
    parse: parseApiUrl,
    commands: ASKING,
  }),
  apiVersion: setting<(typeof API_VERSIONS)[number]>('api-version', '--api-version <number>', {
    help: 'version of the API; 4 trades the token for a JWT first',
    accepts: API_VERSIONS.join(' or '),
    fallback: '3',
    choices: API_VERSIONS,
    parse: (text) => parseOneOf(text, API_VERSIONS),
    commands: ASKING,
  }),
  authUrl: setting<string>('auth-url', '--auth-url <url>', {
    help: 'authentication host, for version 4',
    accepts: 'an https URL (plain http only to a loopback address), without user info or query',
    fallback: 'https://authenticate.copernica.com',
    parse: parseApiUrl,
    commands: ASKING,
  }),
  caFile: setting<string | undefined>('ca-file', '--ca-file <path>', {
    help: 'PEM file of certificate authorities to trust besides the usual ones',
    accepts: 'a path',
    fallback: undefined,
    note: 'A proxy is taken from HTTPS_PROXY and NO_PROXY; a loopback address is reached without. Certificates are always verified, whatever NODE_TLS_REJECT_UNAUTHORIZED says.',
    example: '/etc/ssl/company.pem',
    parse: nonEmpty,
    commands: ASKING,
  }),
  concurrency: setting<number>('concurrency', '--concurrency <number>', {
    help: 'requests at a time',
    accepts: 'a whole number from 1 to 100',
    fallback: 4,
    parse: (text) => parseInteger(text, 1, 100),
    commands: API,
  }),
  timeoutMs: duration('timeout', 'how long one request may take, answer included', 30_000, ASKING, SHORTEST_TIMEOUT_MS),
  refresh: setting<boolean | undefined>('refresh', '--refresh', {
    help: 'check the live webhooks too (default: yes, but for runs that a file change started)',
    accepts: 'true or false',
    fallback: undefined,
    example: 'true',
    parse: parseBoolean,
    commands: RECONCILING,
  }),
  prune: {
    ...toggle('prune', 'delete what left the manifest, rather than only report it', RECONCILING),
    note: '`run` deletes when it has seen the manifest unchanged for ten seconds: a file that is half-written for a moment deletes nothing.',
  },
  onUncertain: setting<(typeof ON_UNCERTAIN)[number]>('on-uncertain', '--on-uncertain <what>', {
    help: 'after a POST of unknown outcome: recover looks for its webhook and may send again, hold only looks',
    accepts: ON_UNCERTAIN.join(' or '),
    fallback: 'recover',
    choices: ON_UNCERTAIN,
    parse: (text) => parseOneOf(text, ON_UNCERTAIN),
    commands: APPLYING,
  }),
  scanLimit: setting<number>('scan-limit', '--scan-limit <number>', {
    help: 'how many ids are read for one lost webhook at most',
    accepts: 'a whole number from 1 to 100000',
    fallback: 5_000,
    parse: (text) => parseInteger(text, 1, 100_000),
    commands: APPLYING,
  }),
  settleMs: duration(
    'settle',
    'how long after a POST was given up on the server may still act on it',
    60_000,
    APPLYING,
  ),
  init: {
    ...toggle('init', 'this is the first time: begin a new state file', [...APPLYING, 'import', 'discover']),
    note: 'Say it once, the first time, rather than here: when the state is lost, going on with a new one would create every webhook a second time.',
  },
  lockTimeoutMs: duration('lock-timeout', 'how long to wait for another process to release the state file', 0, WRITERS),
  schedule: setting<string>('schedule', '--schedule <cron>', {
    help: 'when to reconcile, as the five fields of cron; off for none',
    accepts: 'five cron fields such as "*/15 * * * *", or off',
    fallback: '*/15 * * * *',
    note: 'Where the change of clocks leaves out or repeats its times, or the clock is set, a run comes a minute after the longest regular wait. Days of the month and days of the week together are refused: crontab comes on either.',
    parse: parseScheduleShape,
    commands: ['run', 'doctor'],
  }),
  timezone: setting<string | undefined>('timezone', '--timezone <name>', {
    help: 'time zone of the schedule (default: the system’s)',
    accepts: 'an IANA time zone such as Europe/Amsterdam',
    fallback: undefined,
    example: 'Europe/Amsterdam',
    parse: parseTimezone,
    commands: ['run', 'doctor'],
  }),
  poll: toggle('poll', 'look at the manifest every second, for file systems without change events', ['run', 'doctor']),
  listen: setting<ListenAddress | 'off'>('listen', '--listen <address>', {
    help: 'where the status page, health and metrics are served; off for none',
    accepts: 'host:port, [IPv6]:port, :port for all addresses (port 0: any free one), or off',
    fallback: { host: '127.0.0.1', port: 9465 },
    shown: '127.0.0.1:9465',
    note: 'It has no log-in: keep it where only friends reach it.',
    parse: parseListen,
    commands: ['run', 'healthcheck', 'doctor'],
  }),
  allowedHosts: setting<readonly string[] | undefined>('allowed-hosts', '--allowed-hosts <names>', {
    help: 'host names that the status server answers to, besides loopback names and IP addresses',
    accepts: 'host names without a port, separated by commas',
    fallback: undefined,
    example: 'webhooks.example.com',
    note: 'It answers to no other name, wherever it listens, so that a web page elsewhere can’t read it through somebody’s browser: name here what a proxy or a Prometheus asks it by. In the settings file it may be a list.',
    parse: parseHostNames,
    commands: ['run'],
  }),
  graceMs: duration('grace', 'how long requests under way may take after SIGTERM', 25_000, ['run']),
  notify: setting<NotifyUrl | undefined>('notify', null, {
    help: 'where a notice is POSTed when something is wrong, when drift was put back, and when all is well again; off for nowhere',
    accepts: NOTIFY_ACCEPTS,
    fallback: undefined,
    secret: true,
    note: 'It counts as a secret, as that of a Slack channel is: keep it out of git, in the environment or in the file of notify-file.',
    example: 'https://hooks.slack.com/services/T000/B000/XXXX',
    parse: parseNotifyUrl,
    commands: ['run'],
  }),
  notifyFile: setting<string | undefined>('notify-file', null, {
    help: 'path of a file that holds the URL of notify, as Docker and Kubernetes secrets are',
    accepts: 'a path',
    fallback: undefined,
    example: '/run/secrets/copernica-notify',
    parse: nonEmpty,
    commands: ['run'],
  }),
  notifyAfterMs: duration('notify-after', 'how long something has to be wrong before a notice tells it', 60_000, [
    'run',
  ]),
  logLevel: setting<(typeof LOG_LEVELS)[number]>('log-level', '--log-level <level>', {
    help: 'how much is logged',
    accepts: LOG_LEVELS.join(', '),
    fallback: 'info',
    choices: LOG_LEVELS,
    parse: (text) => parseOneOf(text, LOG_LEVELS),
    commands: ALL,
  }),
  logFormat: setting<(typeof LOG_FORMATS)[number] | undefined>('log-format', '--log-format <format>', {
    help: 'how it is logged (default: pretty on a terminal, else json)',
    accepts: LOG_FORMATS.join(' or '),
    fallback: undefined,
    example: 'json',
    choices: LOG_FORMATS,
    parse: (text) => parseOneOf(text, LOG_FORMATS),
    commands: ALL,
  }),
};

export type SettingKey = keyof typeof SETTINGS;

/** The settings of one invocation, resolved: durations in milliseconds. */
export type Settings = {
  readonly [K in SettingKey]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never;
};
