import { readdirSync, readFileSync } from 'node:fs';
import type { StatusSnapshot } from '../../src/status/snapshot.js';
import type { RunningProcess, Workplace } from '../helpers/cli.js';
import { readMetrics } from '../helpers/metrics-text.js';
import { ask } from './ask.js';
import { type Run, Runs, type Sample } from './record.js';
import type { VirtualTime } from './virtual-time.js';

/** What report.cjs writes. */
interface Report {
  readonly number: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly rss: number;
  readonly resources: number;
  readonly requests: number;
  readonly expired: number;
  readonly jwts: number;
}

/** Whole pages are looked at less often than the rest. */
const OTHER_PATHS = ['', 'healthz', 'readyz'];
/** While all is calm. */
const SNAPSHOT_EVERY_MINUTES = 5;
const SOON_MS = 60_000;

/** Asks the daemon's status server all the time, and its process now and then. */
export class Observer {
  readonly samples: Sample[] = [];
  readonly #daemon: RunningProcess;
  readonly #time: VirtualTime;
  readonly #place: Workplace;
  readonly #url: string;
  readonly #runs = new Runs();
  /** What was served, each thing once: most of it is the same all the time. */
  readonly #served = new Set<string>();
  #reports = 0;
  #isCalm = false;

  private constructor(daemon: RunningProcess, time: VirtualTime, place: Workplace, url: string) {
    this.#daemon = daemon;
    this.#time = time;
    this.#place = place;
    this.#url = url;
  }

  static async of(daemon: RunningProcess, time: VirtualTime, place: Workplace): Promise<Observer> {
    const [, url = ''] = /"url":"([^"]+)"/.exec(await daemon.waitForOutput(/"url":"[^"]+"/)) ?? [];
    return new Observer(daemon, time, place, url);
  }

  get runs(): readonly Run[] {
    return this.#runs.all;
  }

  get served(): Iterable<string> {
    return this.#served;
  }

  /** It does nothing and has nothing before it but its schedule. */
  get isCalm(): boolean {
    return this.#isCalm;
  }

  /** What a scraper and somebody with a page open do in this minute. */
  async look(minute: number, isCalm: boolean): Promise<void> {
    await this.#get('metrics');
    if (!isCalm || minute % SNAPSHOT_EVERY_MINUTES === 0) {
      const account = (await this.#snapshot()).accounts[0];
      this.#isCalm = account?.health.kind === 'ok' && account.running === null;
    }
    if (minute % 20 === 0) await this.#get(OTHER_PATHS[(minute / 20) % OTHER_PATHS.length] ?? '');
  }

  async sample(): Promise<void> {
    const { heapUsed, external, rss, resources } = await this.#report();
    const state = readFileSync(this.#place.path('webhooks.state.jsonl'), 'latin1');
    this.samples.push({
      at: this.#time.now(),
      heapBytes: heapUsed,
      externalBytes: external,
      residentBytes: rss,
      files: readdirSync(`/proc/${this.#daemon.process.pid}/fd`).length,
      resources,
      stateBytes: state.length,
      stateRecords: state.split('\n').length - 1,
    });
  }

  /** Ids of the webhooks that it shows. */
  async ids(): Promise<number[]> {
    const { accounts } = await this.#snapshot();
    return (accounts[0]?.webhooks ?? []).flatMap(({ id }) => id ?? []);
  }

  async health(): Promise<string> {
    return (await this.#snapshot()).accounts[0]?.health.kind ?? 'unknown';
  }

  /** What its process and its metrics count. */
  async end() {
    const { requests, expired, jwts } = await this.#report();
    await this.#snapshot();
    const { samples } = readMetrics(await this.#get('metrics'));
    const runs = samples.filter(({ name }) => name === 'copernica_webhooks_runs_total');
    if (this.#runs.complaints.length > 0) throw new Error(this.#runs.complaints.join('\n'));
    return { requests, expired, jwts, runs: runs.reduce((sum, { value }) => sum + value, 0) };
  }

  async #snapshot(): Promise<StatusSnapshot> {
    const snapshot = JSON.parse(await this.#get('status.json')) as StatusSnapshot;
    this.#runs.add(snapshot);
    return snapshot;
  }

  async #get(path: string): Promise<string> {
    const { text } = await ask(this.#url + path);
    this.#served.add(text);
    return text;
  }

  async #report(): Promise<Report> {
    this.#reports += 1;
    this.#daemon.kill('SIGUSR2');
    let report: Report | null = null;
    await this.#time.passTo(this.#time.now() + SOON_MS, () => {
      report = this.#readReport();
      return report !== null;
    });
    if (report === null) throw new Error('the daemon did not report');
    return report;
  }

  #readReport(): Report | null {
    try {
      const report = JSON.parse(readFileSync(this.#place.path('report.json'), 'utf8')) as Report;
      return report.number === this.#reports ? report : null;
    } catch {
      return null;
    }
  }
}
