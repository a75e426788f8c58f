import { assemble } from '../assemble.js';
import { redactor } from '../copernica/redact.js';
import { productError } from '../errors.js';
import type { Host } from '../host.js';
import { createLog } from '../log.js';
import { discoveredManifest } from '../plan/discovered.js';
import { discover, takeOver } from '../reconcile/discover.js';
import { loadSettings, loadToken } from '../settings/load.js';
import { parseInteger } from '../settings/values.js';
import { readStateFile } from '../state/open.js';
import type { IdRange } from '../state/state.js';
import { execute, type Invocation } from './command.js';
import { progressReporter } from './progress.js';
import { stopOnSignal } from './stop.js';

/** More ids than this are asked for in several goes: each is a request. */
const MOST_IDS = 100_000;

export interface DiscoverCommandOptions {
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly writeState: boolean;
}

/** discover: finds webhooks that exist already and prints them as a manifest. A signal keeps what was found so far. */
export function discoverCommand(host: Host, invocation: Invocation, options: DiscoverCommandOptions): Promise<number> {
  return execute(host, invocation, async () => {
    const { settings, flagged } = await loadSettings({ ...invocation, environment: host.environment });
    const range = rangeOf(options);
    const token = await loadToken(host.environment);
    const redact = redactor([token]);
    const log = await createLog({ level: settings.logLevel, format: 'json', color: false, sink: host.stderr, redact });
    const state = await readStateFile(settings.state);
    const stop = stopOnSignal(host, log);
    const assembly = await assemble({ host, settings, flagged, command: 'discover', token, log, stop: stop.signal });
    const progress = progressReporter(host.stderr, log, 'looking');
    try {
      const { concurrency } = settings;
      const { found, incomplete } = await discover(assembly.edges, state, {
        range,
        concurrency,
        stop: stop.signal,
        onProgress: progress.update,
      });
      progress.end();
      const taken = options.writeState ? await takeOver(assembly.edges, found, { init: assembly.init }) : 0;
      if (options.writeState) log.info({ taken }, 'taken over into the state');
      const document = { webhooks: found.map(({ name, id, known, webhook }) => ({ ...webhook, name, id, known })) };
      const text = discoveredManifest(found);
      if (incomplete === null) return { document, text, problems: [], failures: [] };
      const problem = {
        code: 'discover-incomplete',
        severity: 'error' as const,
        message: `not everything was looked at: ${incomplete}`,
        remedy: 'what was found is printed; look at the rest with --from and --to',
      };
      return { document, text, problems: [problem], failures: ['failed'] };
    } finally {
      progress.end();
      stop.release();
      await assembly.close();
    }
  });
}

function rangeOf({ from, to }: DiscoverCommandOptions): IdRange | null {
  if (from === undefined && to === undefined) return null;
  const first = parseInteger(from ?? '', 1, Number.MAX_SAFE_INTEGER);
  const last = parseInteger(to ?? '', 1, Number.MAX_SAFE_INTEGER);
  if (first !== undefined && last !== undefined && first <= last && last - first < MOST_IDS)
    return { from: first, to: last };
  throw productError('input', {
    code: 'bad-range',
    message: `--from ${from ?? '(none)'} --to ${to ?? '(none)'} is no range of ids`,
    remedy: `give both, rising, at most ${MOST_IDS} ids`,
  });
}
