import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CallFailure } from '../copernica/api.js';
import type { RequestEvent } from '../copernica/client.js';
import { TRIGGERS } from '../daemon/scheduler.js';
import type { AppliedChange } from '../plan/applied.js';
import { isDrift, isPending } from '../plan/change.js';
import { keysOf, NOTICE_RESULTS, type NoticeResult, RUN_RESULTS } from './kinds.js';
import type { AccountSnapshot, RunSnapshot, StatusCounts, StatusSnapshot } from './snapshot.js';

const PREFIX = 'copernica_webhooks_';
const REQUEST_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Ten thousand creates take some ten seconds in the sandbox, and minutes at the API's pace. */
const RUN_SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];

/** prom-client's sampling of the event loop wakes the process a hundred times a second: this interval prevents that. */
const NEVER_MS = 2 ** 31 - 1;
/** The results of that sampling, and gauges with names like counters, which are available by type elsewhere. */
const LEFT_OUT = [
  ...['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map((what) => `nodejs_eventloop_lag_${what}_seconds`),
  ...['resources', 'handles', 'requests'].map((what) => `nodejs_active_${what}_total`),
];

/** The outcome of each kind of failure in one word; every other outcome is a usable answer. */
const FAILURES: Readonly<Record<CallFailure['kind'], 'error' | 'unknown'>> = {
  'not-sent': 'error',
  'turned-away': 'error',
  refused: 'error',
  unknown: 'unknown',
};
const REQUEST_FAILED: ReadonlyMap<string, string> = new Map(Object.entries(FAILURES));

/** What is counted for one account. */
export interface AccountCounters {
  /** Each run counts once, by its first trigger. */
  runEnded(run: RunSnapshot, changes: readonly AppliedChange[]): void;
  requestMade(event: RequestEvent): void;
  noticeEnded(result: NoticeResult): void;
}

/**
 * Counters and gauges in Prometheus' text format. The account's name is the label `account`; without a name there is no
 * label, which to Prometheus is the same as an empty one.
 */
export interface Metrics {
  /** Starts the account's counters at 0, so that the first failure shows as an increase. */
  countersOf(account: string | null): AccountCounters;
  /** Gauges as in the snapshot, counters as they were reported. */
  text(snapshot: StatusSnapshot): Promise<string>;
  readonly contentType: string;
}

export function createMetrics(version: string): Metrics {
  // A separate one: prom-client's default registry is shared by the whole process.
  const registry = new Registry();
  const setGauges = gaugesIn(registry);
  addBuildInfo(registry, version);
  const count = countersIn(registry);
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER_MS });
  for (const name of LEFT_OUT) registry.removeSingleMetric(name);
  return {
    countersOf: (account) => {
      const label = labelOf(account);
      for (const trigger of TRIGGERS) {
        for (const result of keysOf(RUN_RESULTS)) count.runs.inc({ ...label, trigger, result }, 0);
      }
      for (const result of NOTICE_RESULTS) count.notices.inc({ ...label, result }, 0);
      count.drifted.inc(label, 0);
      return {
        runEnded: ({ triggers: [trigger = 'start'], result, durationMs }, changes) => {
          count.runs.inc({ ...label, trigger, result });
          count.runSeconds.observe(label, durationMs / 1_000);
          for (const { change, result, refusal } of changes) {
            // Not tried in this run: it was counted when it was tried.
            if (refusal === 'before') continue;
            if (isPending(change)) count.changes.inc({ ...label, action: change.action, result });
            if (isDrift(change)) count.drifted.inc(label);
          }
        },
        requestMade: ({ call, outcome, durationMs }) => {
          count.requests.inc({ ...label, call, outcome, result: REQUEST_FAILED.get(outcome) ?? 'ok' });
          count.requestSeconds.observe({ ...label, call }, durationMs / 1_000);
        },
        noticeEnded: (result) => count.notices.inc({ ...label, result }),
      };
    },
    text: (snapshot) => {
      setGauges(snapshot.accounts);
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

function labelOf(account: string | null): { account?: string } {
  return account === null ? {} : { account };
}

function countersIn(registry: Registry) {
  const counter = <Label extends string>(name: string, labels: readonly Label[], help: string) =>
    new Counter({ name: PREFIX + name, help, labelNames: ['account', ...labels], registers: [registry] });
  const histogram = <Label extends string>(name: string, labels: readonly Label[], buckets: number[], help: string) =>
    new Histogram({ name: PREFIX + name, help, labelNames: ['account', ...labels], buckets, registers: [registry] });
  return {
    runs: counter('runs_total', ['trigger', 'result'], 'Runs that ended, by their first trigger and by result.'),
    runSeconds: histogram('run_duration_seconds', [], RUN_SECONDS, 'How long runs took.'),
    changes: counter('changes_total', ['action', 'result'], 'Changes that runs made or tried, by action and result.'),
    drifted: counter('drifted_total', [], 'Webhooks that runs found gone or changed in the account, each time.'),
    requests: counter(
      'requests_total',
      ['call', 'outcome', 'result'],
      'Requests to the API, by call, outcome and result (ok, error, unknown); each try counts.',
    ),
    notices: counter('notices_total', ['result'], 'Notices, by what became of them.'),
    requestSeconds: histogram(
      'request_duration_seconds',
      ['call'],
      REQUEST_SECONDS,
      'How long requests to the API took, by call.',
    ),
  };
}

/** A number of an account. Null: there is none (yet), so there is no sample instead of a made-up 0. */
type ReadGauge = (account: AccountSnapshot) => number | null;

/** A process that stands by has no numbers of the account: the leader has them. */
const count =
  (key: keyof StatusCounts): ReadGauge =>
  ({ counts, leadership }) =>
    leadership === 'standing-by' ? null : counts[key];

const seconds =
  (read: (account: AccountSnapshot) => string | null): ReadGauge =>
  (account) => {
    const time = read(account);
    return time === null ? null : Date.parse(time) / 1_000;
  };

const GAUGES: readonly (readonly [name: string, read: ReadGauge, help: string])[] = [
  [
    'leader',
    ({ leadership }) => (leadership === null ? null : leadership === 'leading' ? 1 : 0),
    'Of several replicas with one state, whether this one leads: 1, or 0 when it stands by.',
  ],
  ['desired', count('desired'), 'Webhooks that the manifest in force asks for.'],
  ['managed', count('managed'), 'Webhooks that exist and belong to an entry of the state.'],
  ['orphaned', count('orphaned'), 'Managed webhooks that are not in the manifest, and are kept.'],
  ['uncertain', count('uncertain'), 'Creates of unknown outcome.'],
  ['possibly_duplicated', count('possiblyDuplicated'), 'Webhooks that may exist twice.'],
  ['failed', count('failed'), 'Webhooks that the last run could not make as the manifest says.'],
  ['drifted', count('drifted'), 'Webhooks that the last check found gone or changed in the account, and put back.'],
  [
    'config_last_reload_success_timestamp_seconds',
    seconds(({ manifest }) => manifest.loadedAt),
    'When the manifest in force was read.',
  ],
  [
    'last_success_timestamp_seconds',
    seconds(({ lastSuccessAt }) => lastSuccessAt),
    'When a run last ended with everything as the manifest says.',
  ],
  [
    'next_schedule_timestamp_seconds',
    seconds(({ schedule }) => schedule.nextAt),
    'When the next scheduled run is due.',
  ],
  [
    'config_last_reload_successful',
    ({ manifest }) => (manifest.valid ? 1 : 0),
    'Whether the manifest file as it is now is in force: 1, or 0 when it is broken or gone.',
  ],
];

/** Returns a function that sets them. */
function gaugesIn(registry: Registry): (accounts: readonly AccountSnapshot[]) => void {
  const gauges = GAUGES.map(([name, read, help]) => {
    const gauge = new Gauge({ name: PREFIX + name, help, labelNames: ['account'], registers: [registry] });
    return { gauge, read };
  });
  const info = new Gauge({
    name: `${PREFIX}manifest_info`,
    help: 'Always 1 for a manifest in force: the git commit checked out where it lies is the label, if it is known.',
    labelNames: ['account', 'commit'],
    registers: [registry],
  });
  return (accounts) => {
    info.reset();
    for (const { name, manifest } of accounts) {
      const commit = manifest.commit === null ? {} : { commit: manifest.commit };
      if (manifest.loadedAt !== null) info.set({ ...labelOf(name), ...commit }, 1);
    }
    for (const { gauge, read } of gauges) {
      gauge.reset();
      // Without labels, reset sets 0; if only some have a label, that sample would remain beside the others.
      gauge.remove({});
      for (const account of accounts) {
        const value = read(account);
        if (value !== null) gauge.set(labelOf(account.name), value);
      }
    }
  };
}

function addBuildInfo(registry: Registry, version: string): void {
  new Gauge({
    name: `${PREFIX}build_info`,
    help: 'Always 1: the version of this program is the label.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version }, 1);
}
