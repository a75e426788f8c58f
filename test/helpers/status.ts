import type { StatusSnapshot } from '../../src/status/snapshot.js';
import type { Running, Workplace } from './cli.js';

export interface StatusOfDaemon {
  readonly daemon: Running;
  readonly url: string;
  get(path: string, init?: RequestInit): Promise<{ status: number; headers: Headers; body: string }>;
  snapshot(): Promise<StatusSnapshot>;
  /** Asks until it is so. */
  until(isSo: (snapshot: StatusSnapshot) => boolean): Promise<StatusSnapshot>;
}

const ASK_EVERY_MS = 25;

const LISTENING = ['--listen', '127.0.0.1:0', '--log-format', 'json'];

/** Starts the daemon with a status server on a free port, where `place.run` calls commands. */
export function startWithStatus(place: Workplace, ...args: string[]): Promise<StatusOfDaemon> {
  return statusOf(place.begin('run', ...LISTENING, ...args));
}

/** The same in a process of its own. */
export function startProcessWithStatus(place: Workplace, ...args: string[]): Promise<StatusOfDaemon> {
  return statusOf(place.start('run', ...LISTENING, ...args));
}

async function statusOf(daemon: Running): Promise<StatusOfDaemon> {
  const output = await daemon.waitForOutput(/"url":"[^"]+"/);
  const url = /"url":"([^"]+)"/.exec(output)?.[1] ?? '';
  const get = async (path: string, init?: RequestInit) => {
    const answer = await fetch(new URL(path, url), init);
    return { status: answer.status, headers: answer.headers, body: await answer.text() };
  };
  const snapshot = async () => JSON.parse((await get('status.json')).body) as StatusSnapshot;
  const until = async (isSo: (now: StatusSnapshot) => boolean) => {
    for (;;) {
      const now = await snapshot();
      if (isSo(now)) return now;
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
  };
  return { daemon, url, get, snapshot, until };
}
