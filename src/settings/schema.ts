import { z } from 'zod';
import { parseSchedule } from './schedule.js';
import { whyNoStatePlace } from './state-place.js';
import {
  formatDuration,
  type ListenAddress,
  parseApiUrl,
  parseDuration,
  parseHostNames,
  parseInteger,
  parseListen,
  parseNotifyUrl,
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
  | 'verify'
  | 'state copy'
  | 'state migrate'
  | 'doctor'
  | 'healthcheck';

/** What a setting has besides its schema. Flags and variables are the product's public interface. */
interface About {
  /** Its key in the settings file, if it has no flag: a secret has none, since `ps` would show it. */
  readonly name?: string;
  readonly flag?: string;
  readonly help: string;
  readonly accepts: string;
  /** The default as a user would write it, if that differs from its plain text. */
  readonly shown?: string;
  /** The only possible values, if these are fixed: for help, completion and suggestions. */
  readonly choices?: readonly string[];
  /** No message shows its value. */
  readonly secret?: true;
  /** Further information in whole sentences, for the settings file and the reference. */
  readonly note?: string;
  /** A value to show in the settings file if there is no default. */
  readonly example?: string;
  readonly commands: readonly CommandName[];
}

const about = z.registry<About>();

const MANIFEST: readonly CommandName[] = ['validate', 'plan', 'apply', 'run', 'list', 'import', 'forget', 'discover'];
const ALL: readonly CommandName[] = [...MANIFEST, 'verify'];
const RECONCILING: readonly CommandName[] = ['plan', 'apply', 'run'];
const API: readonly CommandName[] = [...RECONCILING, 'import', 'discover', 'verify'];
const APPLYING: readonly CommandName[] = ['apply', 'run'];
const ASKING: readonly CommandName[] = [...API, 'doctor'];
const WRITERS: readonly CommandName[] = [...APPLYING, 'import', 'forget', 'discover', 'verify'];

const STATEFUL: readonly CommandName[] = [...WRITERS, 'plan', 'list', 'doctor', 'state migrate'];
const LOCKING: readonly CommandName[] = [...WRITERS, 'state copy'];

const ON_UNCERTAIN = ['recover', 'hold'] as const;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
const LOG_FORMATS = ['pretty', 'json'] as const;
const API_VERSIONS = ['3', '4'] as const;

const A_PATH = 'a path';
const TRUE_OR_FALSE = 'true or false';
const AN_API_URL = 'an https URL (plain http only to a loopback address), without user info or query';
export const A_NOTIFY_URL =
  'an https URL (plain http only to a loopback address), without user info or fragment; or off';

function setting<Schema extends z.ZodType>(schema: Schema, what: About): Schema {
  about.add(schema, what);
  return schema;
}

/** Text that one of the parsers accepts. */
function parsed<T>(parse: (text: string) => T | undefined) {
  return z.string().transform((text, context) => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue('cannot be used');
    return z.NEVER;
  });
}

/** The five fields of cron. The reason why one can't be used completes "it …". */
const schedule = z.string().transform((text, context) => {
  const parsed = text === 'off' ? ({ ok: true, expression: text } as const) : parseSchedule(text);
  if (parsed.ok) return parsed.expression;
  context.addIssue({ code: 'custom', params: { why: parsed.why } });
  return z.NEVER;
});

/** A path, or the URL of a database. */
const statePlace = z.string().transform((text, context) => {
  const why = whyNoStatePlace(text);
  if (why === null) return text;
  context.addIssue({ code: 'custom', params: { why } });
  return z.NEVER;
});

const path = z.string().refine((text) => text.trim() !== '');
const boolean = z.stringbool({ truthy: ['true', '1', 'yes', 'on'], falsy: ['false', '0', 'no', 'off'] });
const integer = (from: number, to: number) => parsed((text) => parseInteger(text, from, to));

function toggle(name: string, help: string, commands: readonly CommandName[], note?: string) {
  return setting(boolean.default(false), {
    flag: `--${name}`,
    help,
    accepts: TRUE_OR_FALSE,
    commands,
    ...(note === undefined ? {} : { note }),
  });
}

function duration(name: string, help: string, defaultMs: number, commands: readonly CommandName[], leastMs = 0) {
  const least = leastMs === 0 ? '' : `at least ${formatDuration(leastMs)} and `;
  return setting(parsed((text) => parseDuration(text, leastMs)).default(defaultMs), {
    flag: `--${name} <duration>`,
    help,
    accepts: `a duration such as 500ms, 30s or 5m, ${least}at most 24h`,
    shown: formatDuration(defaultMs),
    commands,
  });
}

/** It is renewed three times in this period, and a renewal may take a while. */
const SHORTEST_LEASE_MS = 2_000;

/** With less, every request fails before an answer can come. */
const SHORTEST_TIMEOUT_MS = 100;

/** Every setting, from the text that all sources have to its value, in the order of help and reference. */
export const settingsSchema = z.object({
  file: setting(path.default('webhooks.yaml'), {
    flag: '-f, --file <path>',
    help: 'the manifest: the webhooks that should exist; a YAML file, or a folder with several',
    accepts: A_PATH,
    commands: [...MANIFEST, 'doctor'],
  }),
  state: setting(statePlace.default('webhooks.state.jsonl'), {
    flag: '--state <place>',
    help: 'the state, which records what was created: a file, or a PostgreSQL database',
    accepts: 'a path, or a URL like postgres://user@host:5432/database',
    note:
      'Keep a state file on a volume; its lock file is next to it. A database is for several machines: #name at the ' +
      'end of its URL chooses the state, sslmode and sslrootcert set up TLS. Keep the password out of the URL: use ' +
      'PGPASSWORD or PGPASSFILE.',
    commands: STATEFUL,
  }),
  stateFile: setting(path.optional(), {
    name: 'state-file',
    help: 'path of a file that contains the value of state, such as a Docker or Kubernetes secret',
    accepts: A_PATH,
    example: '/run/secrets/copernica-state',
    commands: STATEFUL,
  }),
  sandbox: toggle('sandbox', 'use the built-in stand-in for the API, with its own state: no account needed', [
    ...RECONCILING,
    'verify',
    'doctor',
  ]),
  apiUrl: setting(parsed(parseApiUrl).default('https://api.copernica.com'), {
    flag: '--api-url <url>',
    help: 'host of the API',
    accepts: AN_API_URL,
    commands: ASKING,
  }),
  apiVersion: setting(z.enum(API_VERSIONS).default('3'), {
    flag: '--api-version <number>',
    help: 'version of the API; 4 exchanges the token for a JWT first',
    accepts: API_VERSIONS.join(' or '),
    choices: API_VERSIONS,
    commands: ASKING,
  }),
  authUrl: setting(parsed(parseApiUrl).default('https://authenticate.copernica.com'), {
    flag: '--auth-url <url>',
    help: 'authentication host, for version 4',
    accepts: AN_API_URL,
    commands: ASKING,
  }),
  caFile: setting(path.optional(), {
    flag: '--ca-file <path>',
    help: 'PEM file of certificate authorities to trust besides the usual ones',
    accepts: A_PATH,
    note:
      'A proxy is taken from HTTPS_PROXY and NO_PROXY; a loopback address is reached without. Certificates are ' +
      'always verified, whatever NODE_TLS_REJECT_UNAUTHORIZED says.',
    example: '/etc/ssl/company.pem',
    commands: ASKING,
  }),
  concurrency: setting(integer(1, 100).default(4), {
    flag: '--concurrency <number>',
    help: 'requests at a time',
    accepts: 'a whole number from 1 to 100',
    commands: API,
  }),
  timeoutMs: duration('timeout', 'how long one request may take, answer included', 30_000, ASKING, SHORTEST_TIMEOUT_MS),
  refresh: setting(boolean.optional(), {
    flag: '--refresh',
    help: 'check the live webhooks too (default: yes, except for runs that a file change started)',
    accepts: TRUE_OR_FALSE,
    example: 'true',
    commands: RECONCILING,
  }),
  prune: toggle(
    'prune',
    'delete the webhooks of entries that left the manifest, instead of only reporting them',
    RECONCILING,
    '`run` deletes only when the manifest has been unchanged for ten seconds, so that a half-written file deletes nothing.',
  ),
  onUncertain: setting(z.enum(ON_UNCERTAIN).default('recover'), {
    flag: '--on-uncertain <what>',
    help: 'after a POST of unknown outcome: recover looks for its webhook and may send again, hold only looks',
    accepts: ON_UNCERTAIN.join(' or '),
    choices: ON_UNCERTAIN,
    commands: APPLYING,
  }),
  scanLimit: setting(integer(1, 100_000).default(5_000), {
    flag: '--scan-limit <number>',
    help: 'how many ids to read at most for one lost webhook',
    accepts: 'a whole number from 1 to 100000',
    commands: APPLYING,
  }),
  settleMs: duration('settle', 'how long the server may still act on a POST after the program gave up on it', 60_000, [
    ...APPLYING,
    'verify',
  ]),
  init: toggle(
    'init',
    'start a new state: only for the first run',
    [...APPLYING, 'import', 'discover', 'verify'],
    'Use it once, on the first run, and not as a lasting setting: if the state is lost, a new one would create every ' +
      'webhook a second time.',
  ),
  leaseMs: duration(
    'lease',
    'with a database: how long a process that no longer responds keeps others out',
    15_000,
    LOCKING,
    SHORTEST_LEASE_MS,
  ),
  lockTimeoutMs: duration('lock-timeout', 'how long to wait for another process to release the state', 0, LOCKING),
  schedule: setting(schedule.default('*/15 * * * *'), {
    flag: '--schedule <cron>',
    help: 'when to reconcile, as the five fields of cron; off for none',
    accepts: 'five cron fields such as "*/15 * * * *", or off',
    note:
      'If daylight saving time skips or repeats a time of the schedule, or the clock is set, a run comes a minute ' +
      'after the longest regular wait. Days of the month together with days of the week are refused, because crontab ' +
      'runs on either.',
    commands: ['run', 'doctor'],
  }),
  timezone: setting(parsed(parseTimezone).optional(), {
    flag: '--timezone <name>',
    help: 'time zone of the schedule (default: the system’s)',
    accepts: 'an IANA time zone such as Europe/Amsterdam',
    example: 'Europe/Amsterdam',
    commands: ['run', 'doctor'],
  }),
  poll: toggle('poll', 'check the manifest every second, for file systems without change events', ['run', 'doctor']),
  listen: setting(parsed<ListenAddress | 'off'>(parseListen).default({ host: '127.0.0.1', port: 9465 }), {
    flag: '--listen <address>',
    help: 'where the status page, health and metrics are served; off for none',
    accepts: 'host:port, [IPv6]:port, :port for all addresses (port 0: any free one), or off',
    shown: '127.0.0.1:9465',
    note: 'It has no log-in: keep it out of reach of strangers.',
    commands: ['run', 'healthcheck', 'doctor'],
  }),
  allowedHosts: setting(parsed(parseHostNames).optional(), {
    flag: '--allowed-hosts <names>',
    help: 'host names that the status server answers to, besides loopback names and IP addresses',
    accepts: 'host names without a port, separated by commas',
    example: 'webhooks.example.com',
    note:
      'It answers to no other name, whatever address it listens on, so that a web page elsewhere can’t read it ' +
      'through somebody’s browser. Add the names that a proxy or Prometheus uses. In the settings file this may be ' +
      'a list.',
    commands: ['run'],
  }),
  graceMs: duration('grace', 'how long requests under way may take after SIGTERM', 25_000, ['run']),
  notify: setting(parsed(parseNotifyUrl).optional(), {
    name: 'notify',
    help:
      'URL that a notice is POSTed to when something is wrong, when drift was reverted, and on recovery; ' +
      'off for none',
    accepts: A_NOTIFY_URL,
    secret: true,
    note:
      'Like the URL of a Slack channel, it is a secret: keep it out of git, in the environment or in the file that ' +
      'notify-file names.',
    example: 'https://hooks.slack.com/services/T000/B000/XXXX',
    commands: ['run'],
  }),
  notifyFile: setting(path.optional(), {
    name: 'notify-file',
    help: 'path of a file that contains the URL of notify, such as a Docker or Kubernetes secret',
    accepts: A_PATH,
    example: '/run/secrets/copernica-notify',
    commands: ['run'],
  }),
  notifyAfterMs: duration('notify-after', 'how long something has to be wrong before a notice is sent', 60_000, [
    'run',
  ]),
  logLevel: setting(z.enum(LOG_LEVELS).default('info'), {
    flag: '--log-level <level>',
    help: 'how much is logged',
    accepts: LOG_LEVELS.join(', '),
    choices: LOG_LEVELS,
    commands: ALL,
  }),
  logFormat: setting(z.enum(LOG_FORMATS).optional(), {
    flag: '--log-format <format>',
    help: 'how it is logged (default: pretty on a terminal, else json)',
    accepts: LOG_FORMATS.join(' or '),
    example: 'json',
    choices: LOG_FORMATS,
    commands: ALL,
  }),
});

export type SettingKey = keyof typeof settingsSchema.shape;

/** The settings of one invocation, resolved: durations in milliseconds. */
export type Settings = Readonly<z.output<typeof settingsSchema>>;

export interface Setting extends About {
  readonly name: string;
  readonly environment: string;
  /** Its value if no source gives one. */
  readonly default: unknown;
}

const API_VARIABLES: ReadonlySet<string> = new Set(['api-url', 'api-version', 'auth-url']);

function environmentName(name: string): string {
  const prefix = API_VARIABLES.has(name) ? 'COPERNICA_' : 'COPERNICA_WEBHOOKS_';
  return prefix + name.toUpperCase().replaceAll('-', '_');
}

const defaults = settingsSchema.parse({});

function describe(key: SettingKey): Setting {
  const known = about.get(settingsSchema.shape[key]);
  const name = known?.name ?? /--([a-z-]+)/.exec(known?.flag ?? '')?.[1];
  if (known === undefined || name === undefined) throw new Error(`the setting ${key} has no name`);
  return { ...known, name, environment: environmentName(name), default: defaults[key] };
}

/** Everything that help, completion, reference and messages say about each setting. */
export const SETTINGS = Object.fromEntries(
  Object.keys(settingsSchema.shape).map((key) => [key, describe(key as SettingKey)]),
) as Readonly<Record<SettingKey, Setting>>;

export const SETTING_NAMES: readonly string[] = Object.values(SETTINGS).map(({ name }) => name);

/** Settings of the process, which accounts can't override. */
export const PROCESS_WIDE: ReadonlySet<string> = new Set([
  'listen',
  'allowed-hosts',
  'log-level',
  'log-format',
  'sandbox',
  'lease',
]);
