import * as z from 'zod';
import { productError } from '../../errors.js';
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
  'logfiles',
  'logfile',
  'token',
  'any',
] as const;

export const FAULT_LIMITS = { delayMs: 24 * 60 * 60 * 1000, times: 1_000_000 } as const;

/** Replies that consist of a name alone. */
export const PLAIN_REPLIES = ['close', 'reset', 'hang', 'truncated', 'without-id', 'garbage'] as const;

const ms = z.int().min(0).max(FAULT_LIMITS.delayMs);
const count = z.int().min(1).max(FAULT_LIMITS.times);

// What Node would refuse to write is refused when ordered, not when due.
const headers = z.record(z.string().regex(/^[!#$%&'*+.^_`|~\w-]+$/), z.string().regex(/^[\t\x20-\x7e]*$/));

const replySchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(PLAIN_REPLIES) }),
  z.strictObject({ kind: z.literal('slow'), ms }),
  z.strictObject({
    kind: z.literal('answer'),
    status: z.int().min(200).max(599),
    headers: headers.optional(),
    body: z.string().optional(),
  }),
]);

/** An ordered fault in the form that the control surface accepts. */
const faultRuleSchema = z
  .strictObject({
    on: z.enum(FAULT_CALLS),
    nth: count.default(1),
    times: z.union([count, z.literal('always')]).default(1),
    when: z.union([z.enum(['before', 'after']), z.strictObject({ lateMs: ms })]).default('before'),
    reply: replySchema,
  })
  // The client does not wait for a late act, so a slow answer makes no sense.
  .refine(({ when, reply }) => typeof when === 'string' || reply.kind !== 'slow');

/**
 * One ordered fault: strikes `times` such calls from the `nth` on (counted from the order, default 1). `before`: the
 * server never acts. `after`: it acts, then this happens. `lateMs`: this happens at once, and the server acts later.
 */
export type FaultRule = z.output<typeof faultRuleSchema>;

/** A `FaultRule` in which `nth`, `times` and `when` may be left out. */
export type FaultOrder = z.input<typeof faultRuleSchema>;

export type FaultReply = FaultRule['reply'];

interface Pending {
  readonly rule: FaultRule;
  seen: number;
  fired: number;
}

/** The faults still to come, in the order in which they were ordered. */
export class FaultQueue {
  #pending: Pending[] = [];

  order(rule: FaultRule): void {
    this.#pending.push({ rule, seen: 0, fired: 0 });
  }

  get rules(): readonly FaultRule[] {
    return this.#pending.map(({ rule }) => rule);
  }

  /**
   * The fault that strikes this call, if any. Every matching rule counts the call, but only the first that is due
   * strikes.
   */
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

const SPEC =
  /^(?<on>[a-z]+)(?:@(?<nth>\d+))?:(?:(?<when>before|after|late:\d+):)?(?<reply>[a-z-]+|slow:\d+|\d{3})(?:\*(?<times>\d+|always))?$/;

const ACCEPTED = [
  'CALL[@NTH]:[WHEN:]REPLY[*TIMES]',
  `CALL: ${FAULT_CALLS.join(' ')}`,
  '@NTH: from the nth such call on',
  'WHEN: before (the default: never acted on), after (acted on first), late:MS (acted on that much later)',
  `REPLY: ${PLAIN_REPLIES.join(' ')}, slow:MS (not with late), or a status from 200 to 599`,
  '*TIMES: a number, or always',
  `milliseconds up to ${FAULT_LIMITS.delayMs}`,
  'for example: create:after:close  create:after:504*3  any:before:503  create:slow:200  create@2:late:5000:hang',
].join('\n  ');

/**
 * Reads an ordered fault: text such as `create:after:504*3`, or an object in the form of `FaultOrder`.
 *
 * @throws ProductError of kind `input` that lists what is accepted.
 */
export function parseFault(order: unknown): FaultRule {
  const rule = faultRuleSchema.safeParse(typeof order === 'string' ? fieldsOf(order) : order);
  if (rule.success) return rule.data;
  throw productError('input', {
    code: 'unknown-fault',
    message: `not a fault that the sandbox knows: ${typeof order === 'string' ? order : JSON.stringify(order)}`,
    remedy: `write ${ACCEPTED}`,
  });
}

function fieldsOf(text: string): unknown {
  const groups = SPEC.exec(text.trim())?.groups;
  if (groups === undefined) return null;
  const { on, when, reply = '', nth = '1', times = '1' } = groups;
  return {
    on,
    when: parseWhen(when),
    reply: parseReply(reply),
    nth: Number(nth),
    times: times === 'always' ? times : Number(times),
  };
}

function parseWhen(text = 'before'): unknown {
  return text.startsWith('late:') ? { lateMs: Number(text.slice('late:'.length)) } : text;
}

function parseReply(text: string): unknown {
  if (/^\d{3}$/.test(text)) return { kind: 'answer', status: Number(text) };
  if (text.startsWith('slow:')) return { kind: 'slow', ms: Number(text.slice('slow:'.length)) };
  return { kind: text };
}

/** A rule as text, for the request log. Omits headers and body of an ordered answer. */
export function faultSpec({ on, nth, times, when, reply }: FaultRule): string {
  const moment = typeof when === 'string' ? when : `late:${when.lateMs}`;
  const what = reply.kind === 'answer' ? reply.status : reply.kind === 'slow' ? `slow:${reply.ms}` : reply.kind;
  return `${on}${nth === 1 ? '' : `@${nth}`}:${moment}:${what}${times === 1 ? '' : `*${times}`}`;
}
