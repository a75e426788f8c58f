import { assemble } from '../assemble.js';
import { redactor } from '../copernica/redact.js';
import type { Problem } from '../errors.js';
import { type Host, wantsColor } from '../host.js';
import { createLog } from '../log.js';
import { loadValidManifest } from '../manifest/load.js';
import { EXIT } from '../output/exit-code.js';
import { planAnnotations } from '../output/plan-github.js';
import { planJson } from '../output/plan-json.js';
import { formatPlan } from '../output/plan-text.js';
import { stateOfManifest } from '../plan/against.js';
import { type Change, isPending } from '../plan/change.js';
import { type LiveViews, unreadWarnings } from '../plan/live.js';
import { makePlan } from '../plan/plan.js';
import { checkAccount, readAccount } from '../reconcile/account.js';
import { refresh } from '../reconcile/refresh.js';
import type { SettingKey, Settings } from '../settings/definitions.js';
import { loadSettings, loadToken } from '../settings/load.js';
import { readStateFile } from '../state/open.js';
import type { State } from '../state/state.js';
import type { DesiredWebhook } from '../webhook.js';
import { execute, type Invocation } from './command.js';

export interface PlanCommandOptions {
  readonly detailedExitCode: boolean;
  /** Another manifest to compare with, instead of state and account. */
  readonly against: string | undefined;
}

/** plan: what `apply` would do. Changes nothing, neither remote nor state, and takes no lock. */
export function planCommand(host: Host, invocation: Invocation, options: PlanCommandOptions): Promise<number> {
  return execute(host, invocation, async () => {
    const { settings, flagged } = await loadSettings({ ...invocation, environment: host.environment });
    const manifest = await loadValidManifest(settings.file, host.environment);
    const { changes, warnings } =
      options.against === undefined
        ? await planForState(host, settings, flagged, manifest.entries)
        : await planAgainst(options.against, host, settings, manifest.entries);
    const text =
      invocation.output === 'github'
        ? planAnnotations(changes, settings.file)
        : formatPlan(changes, { color: wantsColor(host.stdout, host.environment), file: settings.file });
    return {
      document: planJson(changes),
      text,
      problems: [...manifest.warnings, ...warnings],
      failures: [],
      exitCode: options.detailedExitCode && changes.some(isPending) ? EXIT.changes : EXIT.done,
    };
  });
}

interface Planned {
  readonly changes: readonly Change[];
  readonly warnings: readonly Problem[];
}

/** For pull requests, where neither state nor token is at hand: the other manifest stands for what exists. */
async function planAgainst(
  path: string,
  host: Host,
  settings: Settings,
  desired: readonly DesiredWebhook[],
): Promise<Planned> {
  const before = await loadValidManifest(path, host.environment);
  const { changes } = makePlan(desired, stateOfManifest(before.entries), new Map(), settings);
  return { changes, warnings: [] };
}

async function planForState(
  host: Host,
  settings: Settings,
  flagged: ReadonlySet<SettingKey>,
  desired: readonly DesiredWebhook[],
): Promise<Planned> {
  const state = settings.sandbox ? null : await readStateFile(settings.state);
  if (state === null) {
    const { changes } = makePlan(desired, null);
    return { changes, warnings: settings.sandbox ? [] : [noStateWarning(settings.state)] };
  }
  const live = (settings.refresh ?? true) ? await lookAtLive(host, settings, flagged, desired, state) : new Map();
  const { changes } = makePlan(desired, state, live, settings);
  return { changes, warnings: unreadWarnings(live) };
}

function noStateWarning(path: string): Problem {
  return {
    code: 'no-state',
    severity: 'warning',
    message: `there is no state file ${path}, so everything counts as new`,
    remedy: 'the first `apply` wants --init; if there was a state before, restore it',
  };
}

async function lookAtLive(
  host: Host,
  settings: Settings,
  flagged: ReadonlySet<SettingKey>,
  desired: readonly DesiredWebhook[],
  state: State,
): Promise<LiveViews> {
  const ids = desired.flatMap(({ name }) => state.entries.get(name)?.id ?? []);
  if (ids.length === 0) return new Map();
  const token = await loadToken(host.environment);
  const redact = redactor([token]);
  const log = await createLog({ level: 'warn', format: 'json', color: false, sink: host.stderr, redact });
  const stop = new AbortController().signal;
  const assembly = await assemble({ host, settings, flagged, command: 'plan', token, log, stop });
  try {
    checkAccount(await readAccount(assembly.edges.api), state.account);
    return await refresh(ids, assembly.edges.api, { concurrency: settings.concurrency, stop, force: false });
  } finally {
    await assembly.close();
  }
}
