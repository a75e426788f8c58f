import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SANDBOX_TOKEN } from '../../src/sandbox/model/options.js';
import { type RunningProcess, Workplace } from '../helpers/cli.js';
import { type Appointment, agenda, HOUR_MS, MINUTE_MS, QUARTER_MS } from './agenda.js';
import { Author } from './author.js';
import { scheduled } from './judge.js';
import { HANDLER_VARIABLES, told, wanted } from './manifest.js';
import { Observer } from './observer.js';
import type { Cause, Check, LifeRecord } from './record.js';
import { SandboxControl } from './sandbox-control.js';
import { VirtualTime } from './virtual-time.js';

export interface LifeOptions {
  readonly hours: number;
  readonly seed: number;
  /** About how many webhooks. */
  readonly size: number;
  /** A mistake put in on purpose: what the daemon loses at its requests. */
  readonly leak?: 'memory' | 'files' | 'timers';
}

const REPORTER = fileURLToPath(new URL('report.cjs', import.meta.url));
/** Between two times of the schedule. */
const BEGINS_AFTER_MS = 4 * MINUTE_MS;
/** In none of which a run of the schedule is due. */
const SAMPLED_AT_MINUTES: ReadonlySet<number> = new Set([17, 37, 57]);
const FLAGS = ['--init', '--prune', '--api-version', '4', '--listen', '127.0.0.1:0', '--log-format', 'json'];

/**
 * The daemon as its users start it, in virtual time, against a sandbox in a process of its own: through so many hours
 * in which edits, faults and people come as the seed has it.
 */
export async function live(options: LifeOptions): Promise<LifeRecord> {
  const { hours, seed } = options;
  const time = await VirtualTime.open(beginning());
  const place = await Workplace.open();
  const sandbox = await SandboxControl.start(place, time);
  const author = new Author(place.path('manifest'), options.size);
  mkdirSync(place.path('manifest'));
  author.begin();
  const daemon = startDaemon(place, sandbox, time, options.leak);
  const observer = await Observer.of(daemon, time, place);
  const from = Math.ceil(time.now() / MINUTE_MS) * MINUTE_MS;
  await time.passTo(from);
  const life = new Life({ time, sandbox, author, daemon, observer });
  await life.pass(from, hours, seed).catch((error: unknown) => lastWords(daemon, error));
  const { runs: countedRuns, ...sent } = await observer.end();
  daemon.kill('SIGTERM');
  const { code, stdout, stderr } = await daemon.finished;
  if (code !== 0) await lastWords(daemon, `it ended with ${code}`);
  const to = from + hours * HOUR_MS;
  return {
    from,
    to,
    runs: observer.runs,
    samples: observer.samples,
    causes: [...scheduled(from, to), ...author.causes, ...life.hangups],
    checks: life.checks,
    ...(await sandbox.tokens(life.revocations)),
    sent,
    countedRuns,
    outputs: [stdout, stderr, ...observer.served],
  };
}

async function lastWords(daemon: RunningProcess, cause: unknown): Promise<never> {
  daemon.kill('SIGKILL');
  const { stdout, stderr } = await daemon.finished;
  throw new Error(`the daemon's life could not be lived to its end: ${cause}\n${stdout.slice(-2_000)}${stderr}`);
}

/** The week in which Europe's clocks are set forward, always in the future: files that are written now look old. */
function beginning(): number {
  const march = new Date(Date.UTC(new Date().getUTCFullYear() + 1, 2, 31));
  const lastSunday = march.getTime() - march.getUTCDay() * 24 * HOUR_MS;
  return lastSunday - 5 * 24 * HOUR_MS + BEGINS_AFTER_MS;
}

function startDaemon(place: Workplace, { url }: SandboxControl, time: VirtualTime, leak = ''): RunningProcess {
  Object.assign(place.environment, time.environment, HANDLER_VARIABLES, {
    COPERNICA_API_URL: url,
    COPERNICA_AUTH_URL: url,
    COPERNICA_ACCESS_TOKEN: SANDBOX_TOKEN,
    NODE_OPTIONS: `--require ${REPORTER}`,
    REPORT_FILE: place.path('report.json'),
    LEAK: leak,
  });
  const flags = [...FLAGS, '--timezone', 'Europe/Amsterdam', '--file', 'manifest/webhooks.yaml'];
  const daemon = place.start('run', ...flags);
  time.add(daemon.process.pid);
  return daemon;
}

interface Parts {
  readonly time: VirtualTime;
  readonly sandbox: SandboxControl;
  readonly author: Author;
  readonly daemon: RunningProcess;
  readonly observer: Observer;
}

class Life {
  readonly hangups: Cause[] = [];
  readonly checks: Check[] = [];
  readonly revocations: number[] = [];
  readonly #parts: Parts;
  #happenedAt = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** A minute after the other: what happens in it, in its order, and somebody who looks at the daemon at its end. */
  async pass(from: number, hours: number, seed: number): Promise<void> {
    const { time, observer } = this.#parts;
    const all = agenda(hours, seed);
    let next = 0;
    for (let minute = 1; minute <= hours * 60; minute += 1) {
      const begin = from + (minute - 1) * MINUTE_MS;
      const end = begin + MINUTE_MS;
      let isCalm = observer.isCalm && begin % QUARTER_MS !== 0 && begin - this.#happenedAt > MINUTE_MS;
      for (let one = all[next]; one !== undefined && from + one.at < end; next += 1, one = all[next]) {
        isCalm = false;
        await time.passTo(from + one.at);
        this.#happenedAt = from + one.at;
        await this.#happen(one);
      }
      // Nothing but a look at the file every two seconds, and what is at the end of the minute.
      if (isCalm) await time.leapTo(end);
      else await time.passTo(end);
      await observer.look(minute, isCalm);
      if (SAMPLED_AT_MINUTES.has(minute % 60)) await observer.sample();
    }
  }

  async #happen(appointment: Appointment): Promise<void> {
    const { time, sandbox, author, daemon, observer } = this.#parts;
    const now = time.now();
    switch (appointment.kind) {
      case 'edit':
        return author.edit(appointment.draw, now);
      case 'break':
        return author.break(appointment.draw, now);
      case 'mend':
        return author.mend(appointment.draw, now);
      case 'remove-file':
        return author.removeFile(now);
      case 'same-bytes':
        return author.sameBytes(appointment.draw, now);
      case 'faults':
        return sandbox.orderFaults(appointment.faults);
      case 'spell-over':
        return sandbox.clearFaults();
      case 'hangup':
        this.hangups.push({ trigger: 'hangup', at: now });
        daemon.kill('SIGHUP');
        return;
      case 'revoke-jwts':
        this.revocations.push(now);
        return sandbox.revokeJwts();
      case 'others-take-ids':
        return sandbox.takeIds(7);
      case 'by-hand':
        return sandbox.byHand(appointment.what, (await observer.ids()).at(appointment.place % 40));
      case 'check':
        this.checks.push({
          at: now,
          wanted: wanted(author.entries),
          live: (await sandbox.webhooks()).map(told).sort(),
          health: await observer.health(),
        });
    }
  }
}
