import * as z from 'zod';
import type { Call } from './calls.js';

export const FAULT_CALLS = [
  'create',
  'update',
  'delete',
  'read',
  'list',
  'identity',
  'databases',
  'collections',
  'token',
  'any',
] as const;

export const FAULT_LIMITS = { delayMs: 24 * 60 * 60 * 1000, times: 1_000_000 } as const;

/** Replies that need nothing but their name. */
export const PLAIN_REPLIES = ['close', 'reset', 'hang', 'truncated', 'without-id', 'garbage'] as const;

const ms = z.int().min(0).max(FAULT_LIMITS.delayMs);
const count = z.int().min(1).max(FAULT_LIMITS.times);

// What Node would refuse to write is refused when it is ordered, not when it is due.
const headers = z.record(z.string().regex(/^[!#$%&'*+.^_`|~\w-]+$/), z.string().regex(/^[\t\x20-\x7e]*$/));

const replySchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(PLAIN_REPLIES) }),
  z.strictObject({
    kind: z.literal('answer'),
    status: z.int().min(200).max(599),
    headers: headers.optional(),
    body: z.string().optional(),
  }),
]);
const slowSchema = z.strictObject({ kind: z.literal('slow'), ms });

const aim = { on: z.enum(FAULT_CALLS), nth: count.default(1), times: z.union([count, z.literal('always')]).default(1) };

/** The form of an ordered fault, as the control surface takes it. */
export const faultRuleSchema = z.union([
  z.strictObject({
    ...aim,
    when: z.enum(['before', 'after']).default('before'),
    reply: z.union([replySchema, slowSchema]),
  }),
  // No `slow` here: a late act is one that the client no longer hears of.
  z.strictObject({ ...aim, when: z.strictObject({ lateMs: ms }), reply: replySchema }),
]);

/**
 * One fault that was ordered: from the `nth` such call on (counted from the order, default 1), `times` of them.
 * `before`: the server never acts. `after`: it acts, then this. `lateMs`: this at once, and the server acts later on.
 */
export type FaultRule = z.output<typeof faultRuleSchema>;

/** A `FaultRule` in which `nth`, `times` and `when` may be left out. */
export type FaultOrder = z.input<typeof faultRuleSchema>;

export type FaultReply = z.output<typeof replySchema>;

interface Pending {
  readonly rule: FaultRule;
  seen: number;
  fired: number;
}

/** The faults that are still to come, first ordered first. */
export class FaultQueue {
  #pending: Pending[] = [];

  order(rule: FaultRule): void {
    this.#pending.push({ rule, seen: 0, fired: 0 });
  }

  clear(): void {
    this.#pending = [];
  }

  get rules(): readonly FaultRule[] {
    return this.#pending.map(({ rule }) => rule);
  }

  /** The fault that strikes this call, if any. Every rule that fits counts the call, but only the first one due fires. */
  take(call: Call['kind']): FaultRule | null {
    const fitting = this.#pending.filter(({ rule }) => rule.on === 'any' || rule.on === call);
    for (const pending of fitting) pending.seen += 1;
    const due = fitting.find(({ rule, seen }) => seen >= rule.nth);
    if (due === undefined) return null;
    due.fired += 1;
    if (due.fired === due.rule.times) this.#pending = this.#pending.filter((pending) => pending !== due);
    return due.rule;
  }
}
