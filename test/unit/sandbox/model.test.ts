import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WireReply } from '../../../src/sandbox/model/exchange.js';
import { exchange } from '../../../src/sandbox/model/exchange.js';
import type { ApiRequest, ApiResponse } from '../../../src/sandbox/model/http.js';
import { RequestLog } from '../../../src/sandbox/model/request-log.js';
import { SandboxModel } from '../../../src/sandbox/model/sandbox-model.js';
import { NIGHT } from '../../helpers/night.js';

const TOKENS = ['token-of-the-first', 'token-of-the-second'] as const;
const DATA = JSON.stringify({ handler: 'https://a.example', trigger: 'create' });

function identity(id: string) {
  return { id, name: id, description: '', company: '' };
}

function twoAccounts(): SandboxModel {
  const [first, second] = TOKENS;
  return new SandboxModel({
    accounts: [
      { token: first, identity: identity('1') },
      { token: second, identity: identity('2') },
    ],
  });
}

function call(method: string, path: string, token: string = TOKENS[0], body = ''): ApiRequest {
  return { method, path, query: `access_token=${token}`, headers: { 'content-type': 'application/json' }, body };
}

function send(model: SandboxModel, request: ApiRequest): ApiResponse {
  const replies: WireReply[] = [];
  exchange(model, request, { now: () => 0, after: () => {} }, (reply) => replies.push(reply));
  const [reply] = replies;
  if (reply?.kind !== 'answer' || replies.length !== 1) throw new Error('expected one answer');
  return reply.response;
}

describe('the model of the account', () => {
  it('shows each account exactly what it made and did not delete, under ids that rise for all together', () => {
    const step = fc.record({
      account: fc.nat(1),
      what: fc.constantFrom('create', 'delete', 'vanish', 'others'),
      which: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const model = twoAccounts();
        const live: [Set<number>, Set<number>] = [new Set(), new Set()];
        let highest = 0;
        for (const { account, what, which } of steps) {
          const token = TOKENS[account] ?? '';
          const mine = live[account] ?? new Set();
          const target = 1894 + which;
          if (what === 'others') model.takeIds(which);
          else if (what === 'vanish') {
            model.vanish(target);
            for (const ids of live) ids.delete(target);
          } else if (what === 'delete') {
            const { status } = send(model, call('DELETE', `/v3/webhook/${target}`, token));
            expect(status).toBe(mine.delete(target) ? 200 : 400);
          } else {
            const id = Number(send(model, call('POST', '/v3/webhooks', token, DATA)).headers['X-Created']);
            expect(id).toBeGreaterThan(highest);
            highest = id;
            mine.add(id);
          }
        }
        expect(model.webhooks('1').map(({ id }) => id)).toEqual([...live[0]]);
        expect(model.webhooks('2').map(({ id }) => id)).toEqual([...live[1]]);
      }),
    );
  });

  it('never shows a token in its log, wherever a request has it', () => {
    const place = fc.constantFrom('path', 'query', 'body', 'raw-query', 'raw-path');
    const token = fc.oneof(fc.constantFrom(...TOKENS), fc.stringMatching(/^wrong-[a-z]{8}$/));
    fc.assert(
      fc.property(place, token, fc.boolean(), (where, secret, trade) => {
        const model = twoAccounts();
        const path = trade ? '/' : '/v3/webhooks';
        const body = where === 'body' ? `access_token=${secret}&x=1` : DATA;
        // A wrong token in the body of a webhook is a handler's, and stays.
        fc.pre(trade || where !== 'body' || !secret.startsWith('wrong'));
        fc.pre(!where.startsWith('raw') || !secret.startsWith('wrong'));
        const inPath = where === 'path' ? `&access_token=${secret}` : where === 'raw-path' ? `/${secret}` : '';
        const query = where === 'query' ? `a=1&access_token=${secret}` : where === 'raw-query' ? `t=${secret}` : '';
        const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization: `Bearer ${secret}` };
        send(model, {
          method: 'POST',
          path: trade && !where.endsWith('path') ? path : path + inPath,
          query,
          headers,
          body,
        });
        expect(model.requests).toHaveLength(1);
        expect(JSON.stringify(model.requests)).not.toContain(secret);
      }),
    );
  });

  it('logs a request as it came, with its fault', () => {
    const model = twoAccounts();
    model.orderFault('create:after:503');
    send(model, call('POST', '/v3/webhooks', TOKENS[0], DATA));
    expect(model.requests).toEqual([
      {
        number: 1,
        at: '1970-01-01T00:00:00.000Z',
        call: 'create',
        method: 'POST',
        path: '/v3/webhooks',
        query: 'access_token=***',
        body: DATA,
        fault: 'create:after:503',
      },
    ]);
  });

  it('makes thousands of webhooks', () => {
    const many = NIGHT ? 10_000 : 2_000;
    const model = twoAccounts();
    for (let made = 0; made < many; made += 1) send(model, call('POST', '/v3/webhooks', TOKENS[0], DATA));
    expect(model.webhooks()).toHaveLength(many);
    expect(model.nextId).toBe(1894 + many);
    expect(model.requests.at(-1)?.number).toBe(many);
  });

  it('forgets the oldest requests beyond its limit, and none before', () => {
    const log = new RequestLog([], 3);
    const numbers = Array.from({ length: 7 }, () => {
      log.add(call('GET', '/v3/identity'), 'identity', null, 0);
      return log.requests.map(({ number }) => number);
    });
    expect(numbers).toEqual([[1], [1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 6], [5, 6, 7]]);
  });

  it('starts over on reset', () => {
    const model = twoAccounts();
    model.orderFault('any:503');
    model.orderFault('any:503');
    send(model, call('GET', '/v3/identity'));
    model.reset();
    expect([model.requests, model.faults, model.nextId]).toEqual([[], [], 1894]);
  });

  it('refuses to tell of an account that it does not have', () => {
    expect(() => twoAccounts().webhooks('3')).toThrow('no account with the id 3');
  });

  it.each([
    ['a header that cannot be written', { kind: 'answer', status: 200, headers: { a: 'b\r\nc' } }],
    ['a status that is none', { kind: 'answer', status: 99 }],
  ] as const)('refuses a fault with %s when it is ordered', (_, reply) => {
    expect(() => twoAccounts().orderFault({ on: 'any', reply })).toThrow('not a fault');
  });
});

describe('a request in simulated time', () => {
  /** When it is acted on and when answered, in virtual milliseconds from its arrival. */
  function timeline(fault: string): string[] {
    const model = twoAccounts();
    const events: string[] = [];
    const due: { at: number; task: () => void }[] = [];
    let now = 0;
    let known = 0;
    const look = () => {
      if (model.webhooks().length > known) events.push(`acted at ${now}`);
      known = model.webhooks().length;
    };
    model.orderFault(fault);
    const time = { now: () => now, after: (ms: number, task: () => void) => due.push({ at: now + ms, task }) };
    exchange(model, call('POST', '/v3/webhooks', TOKENS[0], DATA), time, (reply) => {
      look();
      events.push(`${reply.kind === 'answer' ? reply.response.status : reply.kind} at ${now}`);
    });
    look();
    for (const { at, task } of due) {
      now = at;
      task();
      look();
    }
    return events;
  }

  it.each([
    ['create@2:503', ['acted at 0', '201 at 0']],
    ['create:before:close', ['close at 0']],
    ['create:before:reset', ['reset at 0']],
    ['create:before:hang', ['hang at 0']],
    ['create:before:400', ['400 at 0']],
    ['create:before:truncated', ['200 at 0']],
    ['create:after:close', ['acted at 0', 'close at 0']],
    ['create:after:504', ['acted at 0', '504 at 0']],
    ['create:after:truncated', ['acted at 0', '201 at 0']],
    ['create:after:without-id', ['acted at 0', '201 at 0']],
    ['create:after:garbage', ['acted at 0', '200 at 0']],
    ['create:before:slow:40', ['acted at 40', '201 at 40']],
    ['create:after:slow:40', ['acted at 0', '201 at 40']],
    ['create:late:40:reset', ['reset at 0', 'acted at 40']],
    ['create:late:40:hang', ['hang at 0', 'acted at 40']],
    ['create:late:40:without-id', ['200 at 0', 'acted at 40']],
  ])('struck by %s goes %j', (fault, events) => {
    expect(timeline(fault)).toEqual(events);
  });
});
