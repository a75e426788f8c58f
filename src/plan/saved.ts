import * as z from 'zod';
import type { Problem } from '../errors.js';
import type { State } from '../state/state.js';
import { ACTIONS, type Change, idOf } from './change.js';
import { changeDigest, planDigest, plannedChanges } from './digest.js';
import { type ShownAs, type ShownFields, sidesOf } from './sides.js';

const sideSchema = z.record(z.string(), z.unknown()).nullable();

const savedChangeSchema = z.object({
  name: z.string(),
  action: z.enum(ACTIONS),
  id: z.number().nullable(),
  reason: z.string(),
  before: sideSchema,
  after: sideSchema,
  digest: z.string(),
});

/** The plan of one account. `refreshed`: the live webhooks were checked. */
const savedPlanSchema = z.object({
  account: z.object({
    label: z.string().nullable(),
    id: z.string().nullable(),
    name: z.string().nullable(),
    api: z.string(),
  }),
  file: z.string(),
  prune: z.boolean(),
  refreshed: z.boolean(),
  digest: z.string(),
  changes: z.array(savedChangeSchema),
});

/** What `plan --out` writes: one plan for each account. */
export const savedPlansSchema = z.object({
  version: z.literal(1, 'is not 1: another version of this program wrote it'),
  plans: z.array(savedPlanSchema).min(1, 'is empty'),
});

export type SavedChange = z.infer<typeof savedChangeSchema>;
export type SavedPlan = z.infer<typeof savedPlanSchema>;
export type SavedPlans = z.infer<typeof savedPlansSchema>;

/** Changes as they are saved and compared: what people see, and a digest of what they do. */
export function savedChanges(changes: readonly Change[], shown: ShownAs): SavedChange[] {
  return plannedChanges(changes).map((change) => {
    const { name, action, reason } = change;
    const { before, after } = sidesOf(change, shown);
    const digest = changeDigest(change);
    return { name, action, id: idOf(change), reason, before: asRecord(before), after: asRecord(after), digest };
  });
}

function asRecord(fields: ShownFields | null): Record<string, unknown> | null {
  return fields === null ? null : { ...fields };
}

/** How many differences are reported one by one. */
const MOST_TOLD = 20;

/**
 * How a saved plan differs from what a run would do now, one problem for each difference. Empty: it does not.
 *
 *     saved   now   digests
 *     yes     yes   the same   nothing to report
 *     yes     yes   differ     the change would be another
 *     yes     no               the change is not needed any more
 *     no      yes              the change was not planned
 */
export function staleness(
  saved: SavedPlan,
  now: readonly Change[],
  context: {
    readonly state: Pick<State, 'account' | 'lineage'> | null;
    readonly shown: ShownAs;
    readonly path: string;
  },
): Problem[] {
  if (planDigest(now, context.state) === saved.digest) return [];
  const differences = differencesTold(saved.changes, savedChanges(now, context.shown));
  const tell = (message: string, about: Partial<Problem> = {}): Problem => {
    return { code: 'stale-plan', severity: 'error', message, ...about };
  };
  const count = differences.length;
  const what =
    count === 0
      ? 'its changes are the same, but their order differs, or it was made for another state or account'
      : `${count} ${count === 1 ? 'change is' : 'changes are'} not as planned`;
  return [
    tell(`the saved plan ${context.path} is out of date, so nothing was done: ${what}`, {
      remedy: 'make a new plan, and have it reviewed',
    }),
    ...differences.slice(0, MOST_TOLD).map(({ name, message }) => tell(message, { name })),
    ...(count > MOST_TOLD ? [tell(`and ${count - MOST_TOLD} more differences`)] : []),
  ];
}

interface Told {
  readonly name: string;
  readonly message: string;
}

function differencesTold(saved: readonly SavedChange[], now: readonly SavedChange[]): Told[] {
  const nowByKey = new Map(now.map((change) => [keyOf(change), change]));
  const savedKeys = new Set(saved.map(keyOf));
  const gone = saved.flatMap((before): Told[] => {
    const after = nowByKey.get(keyOf(before));
    if (after === undefined) {
      return [{ name: before.name, message: `${before.name}: planned: ${told(before)}; now: nothing to do` }];
    }
    if (after.digest === before.digest) return [];
    const [planned, current] = [told(before), told(after)];
    const message =
      planned === current
        ? `${before.name}: still ${planned}, but the value of a variable has changed since it was planned`
        : `${before.name}: planned: ${planned}; now: ${current}`;
    return [{ name: before.name, message }];
  });
  const fresh = now
    .filter((change) => !savedKeys.has(keyOf(change)))
    .map((change) => ({ name: change.name, message: `${change.name}: planned: nothing; now: ${told(change)}` }));
  return [...gone, ...fresh];
}

/** An entry has one change, beside which there can be deletes of its older webhooks. */
function keyOf({ action, name, id }: SavedChange): string {
  return JSON.stringify(action === 'delete' ? [name, id] : [name]);
}

/** `update of webhook 1894 (handler: "https://a.example/" → "https://b.example/")` */
function told({ action, id, before, after }: SavedChange): string {
  const webhook = id === null ? action : `${action} of webhook ${id}`;
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  const sides = [before, after].filter((side) => side !== null);
  const parts = fields.map(
    (field) => `${field}: ${sides.map((side) => JSON.stringify(side[field] ?? null)).join(' → ')}`,
  );
  return parts.length === 0 ? webhook : `${webhook} (${parts.join(', ')})`;
}
