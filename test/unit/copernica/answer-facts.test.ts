import { describe, expect, it } from 'vitest';
import { factsOf } from '../../../src/copernica/answer-facts.js';
import { redactor } from '../../../src/copernica/redact.js';

const redact = redactor(['geheim-token']);

function facts(status: number, headers: Record<string, string>, body: string) {
  return factsOf({ kind: 'answer', status, headers, body, receivedAt: 0 }, 12, redact);
}

describe('what an answer looked like', () => {
  it('is which headers name an id, and how the fields are written', () => {
    const body = '{"ID":"8","database":"1017","collection":null,"removed":7}';
    expect(facts(200, { 'x-created': '8', location: '/x' }, body)).toEqual({
      status: 200,
      durationMs: 12,
      idHeaders: ['X-Created', 'Location'],
      database: 'text',
      collection: 'null',
      removed: 'number',
      echoesToken: false,
    });
  });

  it.each(['', '[]', 'null', '{"database"', '<html>'])('knows no field of %j', (body) => {
    expect(facts(200, {}, body)).toMatchObject({ database: 'missing', collection: 'missing', removed: 'missing' });
  });

  it('is whether a header holds the token, however it is written, and never that header', () => {
    const echoed = facts(303, { location: 'https://a.example/?access_token=geheim%2dtoken' }, '');
    expect(echoed.echoesToken).toBe(true);
    expect(JSON.stringify(echoed)).not.toMatch(/geheim|a\.example/);
  });

  it('is no more than that there was none', () => {
    const nothing = { kind: 'no-answer', sent: true, message: 'closed' } as const;
    expect(factsOf(nothing, 3, redact)).toMatchObject({ status: null, durationMs: 3, idHeaders: [] });
  });
});
