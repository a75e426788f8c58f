import type { Host } from '../host.js';
import { wantsColor } from '../host.js';
import { loadValidManifest } from '../manifest/load.js';
import { EXIT } from '../output/exit-code.js';
import { planAnnotations } from '../output/plan-github.js';
import { planJson } from '../output/plan-json.js';
import { formatPlan } from '../output/plan-text.js';
import { isPending } from '../plan/change.js';
import { makePlan } from '../plan/plan.js';
import { loadSettings } from '../settings/load.js';
import { readStateFile } from '../state/open.js';
import { execute, type Invocation } from './command.js';

/** plan: what `apply` would do. Changes nothing, neither remote nor state, and takes no lock. */
export function planCommand(
  host: Host,
  invocation: Invocation,
  options: { readonly detailedExitCode: boolean },
): Promise<number> {
  return execute(host, invocation, async () => {
    const { settings } = await loadSettings({ ...invocation, environment: host.environment });
    const manifest = await loadValidManifest(settings.file, host.environment);
    const state = settings.sandbox ? null : await readStateFile(settings.state);
    const { changes } = makePlan(manifest.entries, state);
    const text =
      invocation.output === 'github'
        ? planAnnotations(changes, settings.file)
        : formatPlan(changes, { color: wantsColor(host.stdout, host.environment), file: settings.file });
    return {
      document: planJson(changes),
      text,
      problems: manifest.warnings,
      failures: [],
      exitCode: options.detailedExitCode && changes.some(isPending) ? EXIT.changes : EXIT.done,
    };
  });
}
