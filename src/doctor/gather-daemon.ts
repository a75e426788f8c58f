import { watch } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { nextTime } from '../daemon/cron.js';
import { mountOf } from '../daemon/mounts.js';
import { placesOf } from '../daemon/places.js';
import { errorCode, ProductError } from '../errors.js';
import type { Settings } from '../settings/definitions.js';
import { formatListen, type ListenAddress } from '../settings/values.js';
import { addressToAsk, askStatus } from '../status/ask.js';
import type { ListenFacts, ScheduleFacts, WatchingFacts } from './daemon.js';

export function gatherSchedule({ schedule, timezone }: Pick<Settings, 'schedule' | 'timezone'>): ScheduleFacts {
  try {
    return { ok: true, schedule, next: nextTime(schedule, timezone) };
  } catch (error) {
    if (error instanceof ProductError) return { ok: false, failure: error.kind, problems: error.problems };
    throw error;
  }
}

/** Asks for a watch on each folder that the daemon would watch, and gives it back. */
export async function gatherWatching({ file, poll }: Pick<Settings, 'file' | 'poll'>): Promise<WatchingFacts> {
  if (poll) return { poll, fileSystem: null, failure: null };
  const folders = (await placesOf(resolve(file))).map(({ folder }) => folder);
  const last = folders.at(-1);
  const mount = last === undefined ? null : await mountOf(last);
  const failures = folders.flatMap((folder) => tryWatch(folder) ?? []);
  return { poll, fileSystem: mount?.fileSystem ?? null, failure: failures[0] ?? null };
}

/** Null: it was granted. */
function tryWatch(folder: string): string | null {
  try {
    watch(folder, { persistent: false }).close();
    return null;
  } catch (error) {
    return errorCode(error) || String(error);
  }
}

/** Asks who serves there, and where that is nobody, listens for a moment. */
export async function gatherListen(listen: ListenAddress | 'off'): Promise<ListenFacts> {
  if (listen === 'off') return { kind: 'off' };
  const address = formatListen(listen);
  if (listen.port !== 0 && (await isOurs(listen))) return { kind: 'ours', address };
  const code = await tryListen(listen);
  if (code === null) return { kind: 'free', address };
  return code === 'EADDRINUSE' ? { kind: 'in-use', address } : { kind: 'unusable', address, code };
}

async function isOurs(listen: ListenAddress): Promise<boolean> {
  try {
    const { status, body } = await askStatus(addressToAsk(listen), '/healthz');
    return status === 200 && body.startsWith('alive\n');
  } catch {
    // Nobody, or nobody who speaks HTTP.
    return false;
  }
}

function tryListen({ host, port }: ListenAddress): Promise<string | null> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', (error) => done(errorCode(error) || String(error)));
    server.listen({ port, ...(host === null ? {} : { host }) }, () => server.close(() => done(null)));
  });
}
