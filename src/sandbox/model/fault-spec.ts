import { type ProductError, productError } from '../../errors.js';
import { FAULT_CALLS, FAULT_LIMITS, type FaultRule, faultRuleSchema, PLAIN_REPLIES } from './faults.js';

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
 * A fault from text such as `create:after:504*3`.
 *
 * @throws ProductError of kind `input` that lists what is accepted.
 */
export function parseFaultSpec(text: string): FaultRule {
  const groups = SPEC.exec(text.trim())?.groups;
  if (groups === undefined) throw notAFault(text);
  const rule = faultRuleSchema.safeParse({
    on: groups.on,
    when: parseWhen(groups.when),
    reply: parseReply(groups.reply ?? ''),
    ...(groups.nth !== undefined && { nth: Number(groups.nth) }),
    ...(groups.times !== undefined && { times: groups.times === 'always' ? 'always' : Number(groups.times) }),
  });
  if (!rule.success) throw notAFault(text);
  return rule.data;
}

/**
 * A fault from what was ordered: text for `parseFaultSpec`, or an object of the form of `FaultOrder`.
 *
 * @throws ProductError of kind `input` that lists what is accepted.
 */
export function parseFaultOrder(order: unknown): FaultRule {
  if (typeof order === 'string') return parseFaultSpec(order);
  const rule = faultRuleSchema.safeParse(order);
  if (!rule.success) throw notAFault(JSON.stringify(order));
  return rule.data;
}

function parseWhen(text = 'before'): unknown {
  return text.startsWith('late:') ? { lateMs: Number(text.slice('late:'.length)) } : text;
}

function parseReply(text: string): unknown {
  if (/^\d{3}$/.test(text)) return { kind: 'answer', status: Number(text) };
  if (text.startsWith('slow:')) return { kind: 'slow', ms: Number(text.slice('slow:'.length)) };
  return { kind: text };
}

function notAFault(text: string): ProductError {
  return productError('input', {
    code: 'unknown-fault',
    message: `not a fault that the sandbox knows: ${text}`,
    remedy: `write ${ACCEPTED}`,
  });
}

/** A rule as text again, for the request log. Headers and body of an ordered answer are left out. */
export function faultSpec({ on, nth, times, when, reply }: FaultRule): string {
  const moment = typeof when === 'string' ? when : `late:${when.lateMs}`;
  const what = reply.kind === 'answer' ? reply.status : reply.kind === 'slow' ? `slow:${reply.ms}` : reply.kind;
  return `${on}${nth === 1 ? '' : `@${nth}`}:${moment}:${what}${times === 1 ? '' : `*${times}`}`;
}
