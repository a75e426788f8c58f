import { assemble } from '../assemble.js';
import { redactor } from '../copernica/redact.js';
import { checkSchedule, startSchedule } from '../daemon/cron.js';
import { runDaemon } from '../daemon/daemon.js';
import { LastGoodManifest } from '../daemon/last-good.js';
import { isMountedFile } from '../daemon/mounts.js';
import { watchFile } from '../daemon/watch.js';
import { type Host, wantsColor } from '../host.js';
import { createLog } from '../log.js';
import { readManifest } from '../manifest/load.js';
import { EXIT } from '../output/exit-code.js';
import { loadSettings, loadToken } from '../settings/load.js';
import { execute, type Invocation } from './command.js';
import { makeRun } from './daemon-run.js';

/** run: the daemon. Logs to stdout; ends with 0 when it was told to stop. */
export function runCommand(host: Host, invocation: Invocation): Promise<number> {
  return execute(host, invocation, async () => {
    const { settings, flagged } = await loadSettings({ ...invocation, environment: host.environment });
    // Its shape was checked with the settings; whether it names times is known where schedules are made.
    checkSchedule(settings.schedule);
    const token = settings.sandbox ? null : await loadToken(host.environment);
    const log = await createLog({
      level: settings.logLevel,
      format: settings.logFormat ?? (host.stdout.isTTY ? 'pretty' : 'json'),
      color: wantsColor(host.stdout, host.environment),
      sink: host.stdout,
      redact: redactor(token === null ? [] : [token]),
    });
    const stopping = new AbortController();
    const manifest = new LastGoodManifest(() => readManifest(settings.file, host.environment), log);
    const assembly = await assemble({
      host,
      settings,
      flagged,
      command: 'run',
      token,
      log,
      stop: stopping.signal,
      loadManifest: async () => manifest.current(),
    });
    try {
      log.info({ version: host.version, file: settings.file, target: assembly.target }, 'started');
      if (settings.sandbox) {
        log.warn('this is the built-in sandbox: nothing reaches Copernica, and its state ends with this process');
        log.warn('to go live: set COPERNICA_ACCESS_TOKEN, leave out --sandbox, and say --init the first time');
      }
      if (await isMountedFile(settings.file)) {
        log.warn(
          { file: settings.file },
          'the manifest is itself a mount: replacing it outside can’t be seen; mount its folder instead',
        );
      }
      const ended = await runDaemon({
        run: makeRun({ assembly, settings, manifest, log }),
        reload: () => manifest.reload(),
        startWatching: (onMaybeChanged) => watchFile(settings.file, { poll: settings.poll, log, onMaybeChanged }),
        startSchedule: (onDue) =>
          settings.schedule === 'off'
            ? null
            : startSchedule(settings.schedule, { timezone: settings.timezone, onDue, log }),
        onSignal: host.onSignal,
        now: () => host.now(),
        random: Math.random,
        graceMs: settings.graceMs,
        onStopping: () => {
          log.info('stopping: requests under way are finished and recorded');
          stopping.abort();
        },
      });
      log.info(ended === 'finished' ? 'ended' : 'ended at once: what was not finished is looked for at the next start');
      if (ended === 'cut-short') host.exitNow(EXIT.done);
      return { document: {}, text: '', problems: [], failures: [] };
    } finally {
      await assembly.close();
    }
  });
}
