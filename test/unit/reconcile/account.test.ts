import { describe, expect, it } from 'vitest';
import type { CallFailure, CopernicaApi } from '../../../src/copernica/api.js';
import { readAccount } from '../../../src/reconcile/account.js';

function failingWith(failure: CallFailure): CopernicaApi {
  return { identity: async () => failure } as unknown as CopernicaApi;
}

describe('an account that can’t be told', () => {
  it.each<[string, CallFailure, object]>([
    [
      'the token is rejected',
      { ok: false, kind: 'refused', status: 400, message: 'Invalid access token', tokenRejected: true },
      {
        kind: 'input',
        problems: [{ code: 'token-rejected', remedy: expect.stringContaining('check the access token') }],
      },
    ],
    [
      'the path is unknown to Copernica',
      {
        ok: false,
        kind: 'refused',
        status: 400,
        message: 'Copernica answered 400: Invalid method',
        tokenRejected: true,
      },
      { kind: 'failed', problems: [{ code: 'api-refused', remedy: expect.stringContaining('check --api-url') }] },
    ],
    [
      'Copernica refuses for another reason',
      { ok: false, kind: 'refused', status: 402, message: 'Copernica answered 402: pay first' },
      { kind: 'failed', problems: [{ code: 'api-refused' }] },
    ],
    [
      'a 401 may be a proxy’s',
      { ok: false, kind: 'unknown', status: 401, message: 'answered 401' },
      { kind: 'failed', problems: [{ code: 'api-unknown', remedy: expect.stringContaining('check the proxy') }] },
    ],
    [
      'nothing was sent',
      { ok: false, kind: 'not-sent', message: 'no' },
      { kind: 'failed', problems: [{ code: 'api-not-sent' }] },
    ],
  ])('ends the program by why that is so: %s', async (_why, failure, expected) => {
    await expect(readAccount(failingWith(failure))).rejects.toMatchObject(expected);
  });
});
