import fc from 'fast-check';
import { DELIVERIES, type Delivery } from './delivery.js';
import { EDITS, type Edit } from './manifest.js';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const QUARTER_MS = 15 * MINUTE_MS;
export const HOUR_MS = 60 * MINUTE_MS;

/** What chance says about one thing that happens. `place` is taken modulo whatever there is. */
export interface Draw {
  readonly edit: Edit;
  readonly delivery: Delivery;
  readonly place: number;
}

/** Something that somebody, or the API, does to the daemon. */
export type Happening =
  | { readonly kind: 'edit' | 'break' | 'remove-file' | 'same-bytes'; readonly draw: Draw }
  /** Writes the manifest anew, valid again if it was broken. */
  | { readonly kind: 'mend'; readonly draw: Draw }
  /** Orders faults of the sandbox; `spell`: they last until the spell is over. */
  | { readonly kind: 'faults'; readonly faults: readonly string[] }
  | { readonly kind: 'spell-over' }
  | { readonly kind: 'hangup' | 'revoke-jwts' | 'others-take-ids' }
  /** A webhook of ours is removed or changed in the account. */
  | { readonly kind: 'by-hand'; readonly what: 'removed' | 'changed'; readonly place: number }
  /** Nothing is under way any more: the account is to be as the manifest says. */
  | { readonly kind: 'check' };

/** `at` is in milliseconds since the beginning. */
export type Appointment = Happening & { readonly at: number };

/** A create that is sent meanwhile is lost, doubled by a careless client, or late; others are struck in their ways. */
const FAULTS: readonly (readonly string[])[] = [
  ['create:after:504'],
  ['create:after:504*3', 'read:reset'],
  ['create:after:close', 'create:before:close'],
  ['create:after:hang'],
  ['create:late:20000:504'],
  ['create:after:without-id', 'delete:after:close'],
  ['update:after:hang', 'read@5:hang'],
  ['delete:before:504', 'delete:after:hang'],
  ['read@3:truncated', 'read@7:garbage*2', 'identity:slow:4000'],
  ['any:before:close*3'],
  ['read:slow:12000*5'],
  ['token:503*2', 'read:401'],
  ['databases:502', 'collections:hang'],
  ['any:503*12'],
];
const SPELLS = ['any:503*always', 'any:504*always', 'any:before:close*always', 'create:after:504*always'];
/** Every so many hours all is left alone for a while, and the account looked at. */
const CHECK_EVERY_HOURS = 6;
/** In an hour with a check, nothing happens from here on. */
const CALM_FROM_MS = 15 * MINUTE_MS;
const MOST_SPELL_MS = 10 * MINUTE_MS;
/** In these hours the JWT is taken back. */
const REVOKED_IN_HOURS: readonly number[] = [1, 75, 122];

const draws: fc.Arbitrary<Draw> = fc.record({
  edit: fc.constantFrom(...EDITS, 'change'),
  delivery: fc.constantFrom(...DELIVERIES),
  place: fc.nat(997),
});
/** Now and then just when a run is due, or seconds after the one before. */
const moments = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: HOUR_MS - 1 }) },
  { weight: 1, arbitrary: fc.nat(3).map((quarter) => quarter * QUARTER_MS) },
  { weight: 1, arbitrary: fc.integer({ min: 20 * MINUTE_MS, max: 20 * MINUTE_MS + 5 * SECOND_MS }) },
);
const happened = { at: moments, draw: draws };
const hours = fc.record({
  edits: fc.array(fc.record(happened), { minLength: 2, maxLength: 5 }),
  broken: fc.array(fc.record({ ...happened, lastsMs: fc.integer({ min: 3_000, max: 20 * MINUTE_MS }) }), {
    maxLength: 1,
  }),
  faults: fc.array(fc.record({ ...happened, which: fc.nat(FAULTS.length - 1) }), { maxLength: 2 }),
  spells: fc.array(
    fc.record({
      ...happened,
      lastsMs: fc.integer({ min: 5_000, max: MOST_SPELL_MS }),
      which: fc.nat(SPELLS.length - 1),
    }),
    { maxLength: 1 },
  ),
  others: fc.array(
    fc.record({ ...happened, what: fc.constantFrom('hangup', 'same-bytes', 'removed', 'changed', 'others-take-ids') }),
    { maxLength: 2 },
  ),
});
type Hour = typeof hours extends fc.Arbitrary<infer T> ? T : never;

/** What happens in so many hours, by its time: the same for the same seed. */
export function agenda(hoursCount: number, seed: number): readonly Appointment[] {
  const drawn = fc.sample(hours, { seed, numRuns: hoursCount });
  return drawn.flatMap((hour, index) => inHour(hour, index, index === hoursCount - 1)).sort((a, b) => a.at - b.at);
}

function inHour(hour: Hour, index: number, isLast: boolean): Appointment[] {
  const isChecked = isLast || (index + 1) % CHECK_EVERY_HOURS === 0;
  const endMs = isChecked ? CALM_FROM_MS : HOUR_MS;
  const begun = drawnIn(hour).filter(({ at }) => at < endMs);
  // Whatever is still wrong at the end is put right, so that each hour is one of its own.
  const ended: Appointment[] = [
    { at: endMs, kind: 'mend', draw: CALM_DRAW },
    { at: endMs, kind: 'spell-over' },
  ];
  const checks: Appointment[] = isChecked ? [{ at: HOUR_MS - MINUTE_MS, kind: 'check' }] : [];
  const revoked: Appointment[] = REVOKED_IN_HOURS.includes(index) ? [{ at: 7 * MINUTE_MS, kind: 'revoke-jwts' }] : [];
  return [...begun, ...ended, ...checks, ...revoked].map((one) => ({ ...one, at: index * HOUR_MS + one.at }));
}

const CALM_DRAW: Draw = { edit: 'reorder', delivery: 'renamed over', place: 0 };

function drawnIn({ edits, broken, faults, spells, others }: Hour): Appointment[] {
  return [
    ...edits.map(({ at, draw }): Appointment => ({ at, kind: 'edit', draw })),
    ...broken.flatMap(({ at, lastsMs, draw }): Appointment[] => [
      { at, kind: draw.place % 3 === 0 ? 'remove-file' : 'break', draw },
      { at: at + lastsMs, kind: 'mend', draw },
    ]),
    ...faults.flatMap(({ at, which, draw }) => [
      orderedAt(at, FAULTS[which]),
      editAfter(at, { ...draw, edit: which % 2 === 0 ? 'add' : draw.edit }),
    ]),
    ...spells.flatMap(({ at, lastsMs, which, draw }): Appointment[] => [
      orderedAt(at, SPELLS.slice(which, which + 1)),
      editAfter(at, draw),
      { at: at + lastsMs, kind: 'spell-over' },
    ]),
    ...others.map(({ at, what, draw }): Appointment => {
      if (what === 'removed' || what === 'changed') return { at, kind: 'by-hand', what, place: draw.place };
      return what === 'same-bytes' ? { at, kind: what, draw } : { at, kind: what };
    }),
  ];
}

function orderedAt(at: number, faults: readonly string[] = []): Appointment {
  return { at, kind: 'faults', faults };
}

/** Something for the faults to strike that is not only read. */
function editAfter(at: number, draw: Draw): Appointment {
  return { at: at + 8 * SECOND_MS, kind: 'edit', draw };
}
