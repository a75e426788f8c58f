import { assemble } from '../assemble.js';
import { redactor } from '../copernica/redact.js';
import type { FailureKind, Problem } from '../errors.js';
import { type Host, wantsColor } from '../host.js';
import { createLog } from '../log.js';
import { applyJson } from '../output/apply-json.js';
import { formatApplied } from '../output/apply-text.js';
import type { AppliedChange } from '../plan/applied.js';
import { runOnce } from '../reconcile/run-once.js';
import { loadSettings, loadToken } from '../settings/load.js';
import { execute, type Invocation } from './command.js';
import { progressReporter } from './progress.js';
import { runOptions } from './run-options.js';
import { stopOnSignal } from './stop.js';

/** apply: reconciles once and ends. A signal lets what is under way finish, and starts nothing new. */
export function applyCommand(
  host: Host,
  invocation: Invocation,
  options: { readonly force: boolean },
): Promise<number> {
  return execute(host, invocation, async () => {
    const { settings, flagged } = await loadSettings({ ...invocation, environment: host.environment });
    const token = settings.sandbox ? null : await loadToken(host.environment);
    const log = await createLog({
      level: settings.logLevel,
      format: settings.logFormat ?? (host.stderr.isTTY ? 'pretty' : 'json'),
      color: wantsColor(host.stderr, host.environment),
      sink: host.stderr,
      redact: redactor(token === null ? [] : [token]),
    });
    const stop = stopOnSignal(host, log);
    const assembly = await assemble({ host, settings, flagged, command: 'apply', token, log, stop: stop.signal });
    const progress = progressReporter(host.stderr, log, 'applying');
    try {
      const report = await runOnce(
        assembly.edges,
        runOptions(settings, {
          init: assembly.init,
          refresh: settings.refresh ?? true,
          force: options.force,
          waitToSettle: true,
          stop: stop.signal,
          onProgress: progress.update,
        }),
      );
      progress.end();
      return {
        document: applyJson(report.changes),
        text:
          invocation.output === 'json'
            ? ''
            : formatApplied(report.changes, {
                color: wantsColor(host.stdout, host.environment),
                target: assembly.target,
              }),
        problems: [...report.warnings, ...problemsOf(report.changes)],
        failures: failuresOf(report.changes),
      };
    } finally {
      progress.end();
      stop.release();
      await assembly.close();
    }
  });
}

function problemsOf(changes: readonly AppliedChange[]): Problem[] {
  return changes.flatMap((change) => change.error?.problems ?? []);
}

function failuresOf(changes: readonly AppliedChange[]): FailureKind[] {
  return changes.flatMap((change) => (change.error === null ? [] : [change.error.kind]));
}
