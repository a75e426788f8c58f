import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProductError } from '../../../src/errors.js';
import {
  FAULT_CALLS,
  FaultQueue,
  type FaultRule,
  faultSpec,
  PLAIN_REPLIES,
  parseFault,
} from '../../../src/sandbox/model/faults.js';

describe('a fault written as text', () => {
  it.each([
    ['create:after:close', { on: 'create', when: 'after', reply: { kind: 'close' } }],
    ['create:after:504*3', { on: 'create', when: 'after', reply: { kind: 'answer', status: 504 }, times: 3 }],
    ['any:before:503', { on: 'any', when: 'before', reply: { kind: 'answer', status: 503 } }],
    ['create:slow:200', { on: 'create', when: 'before', reply: { kind: 'slow', ms: 200 } }],
    ['read@2:late:5000:hang', { on: 'read', when: { lateMs: 5000 }, reply: { kind: 'hang' }, nth: 2 }],
    [' token:garbage*always ', { on: 'token', when: 'before', reply: { kind: 'garbage' }, times: 'always' }],
  ])('is read: %s', (text, rule) => {
    expect(parseFault(text)).toEqual({ nth: 1, times: 1, ...rule });
  });

  it.each([
    '',
    'create',
    'create:',
    'make:after:close',
    'create:during:close',
    'create:late:close',
    'create:after:slow',
    'create:late:5:slow:5',
    'create:after:explode',
    'create:after:199',
    'create:after:600',
    'create@0:close',
    'create:close*0',
    'create:close*',
    'create:slow:99999999999',
  ])('is refused with what is accepted: "%s"', (text) => {
    expect(() => parseFault(text)).toThrow(ProductError);
    try {
      parseFault(text);
    } catch (error) {
      expect(error).toMatchObject({
        kind: 'input',
        problems: [{ remedy: expect.stringContaining('CALL: create update') }],
      });
    }
  });

  it('is read back as what it was, whatever it is', () => {
    const count = fc.integer({ min: 1, max: 1_000_000 });
    const ms = fc.integer({ min: 0, max: 86_400_000 });
    const plain = fc.record({ kind: fc.constantFrom(...PLAIN_REPLIES) });
    const answer = fc.record({ kind: fc.constant('answer' as const), status: fc.integer({ min: 200, max: 599 }) });
    const slow = fc.record({ kind: fc.constant('slow' as const), ms });
    const aim = {
      on: fc.constantFrom(...FAULT_CALLS),
      nth: count,
      times: fc.oneof(count, fc.constant('always' as const)),
    };
    const rule: fc.Arbitrary<FaultRule> = fc.oneof(
      fc.record({
        ...aim,
        when: fc.constantFrom('before' as const, 'after' as const),
        reply: fc.oneof(plain, answer, slow),
      }),
      fc.record({ ...aim, when: fc.record({ lateMs: ms }), reply: fc.oneof(plain, answer) }),
    );
    fc.assert(
      fc.property(rule, (ordered) => {
        expect(parseFault(faultSpec(ordered))).toEqual(ordered);
      }),
    );
  });
});

describe('the queue of faults', () => {
  function strikes(specs: readonly string[], calls: readonly ('create' | 'read')[]): (string | null)[] {
    const queue = new FaultQueue();
    for (const spec of specs) queue.order(parseFault(spec));
    return calls.map((call) => queue.take(call)).map((rule) => rule && faultSpec(rule));
  }

  it.each([
    ['first ordered, first served', ['create:close', 'any:reset'], ['create', 'create', 'read'], [0, 1, null]],
    ['only the call that is meant', ['create:close'], ['read', 'create', 'create'], [null, 0, null]],
    ['as often as ordered', ['any:close*2'], ['read', 'create', 'read'], [0, 0, null]],
    ['always', ['read:close*always'], ['read', 'create', 'read', 'read'], [0, null, 0, 0]],
    [
      'from the nth on',
      ['create@2:close*2'],
      ['create', 'read', 'create', 'create', 'create'],
      [null, null, 0, 0, null],
    ],
    ['the nth counts those that another struck', ['create:close', 'create@2:reset'], ['create', 'create'], [0, 1]],
    [
      'two that are due at once come one after the other',
      ['create@2:close', 'create@2:reset'],
      ['create', 'create', 'create'],
      [null, 0, 1],
    ],
  ] as const)('strikes %s', (_, specs, calls, struck) => {
    const expected = struck.map((index) => (index === null ? null : faultSpec(parseFault(specs[index] ?? ''))));
    expect(strikes(specs, calls)).toEqual(expected);
  });
});
