import { pino } from 'pino';
import { expect, it } from 'vitest';
import { sharedBreakers } from '../../../src/commands/session.js';
import type { CallFailure } from '../../../src/copernica/api.js';

const TURNED_AWAY: CallFailure = { ok: false, kind: 'turned-away', message: 'answered 503', status: 503 };

it('one breaker a host: its outage is logged once, with the host and without the name of an account', async () => {
  const lines: { readonly host?: string; readonly account?: string; readonly msg: string }[] = [];
  const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
  const breakerFor = sharedBreakers();
  const [first, second] = ['https://api.example', 'https://api.example/stand-in'].map((url) => breakerFor(url, log));
  const other = breakerFor('https://other.example', log);
  expect(first).toBe(second);
  expect(first).not.toBe(other);
  first?.leave(await first.enter(undefined), TURNED_AWAY);
  second?.leave('closed', TURNED_AWAY);
  expect(lines).toMatchObject([
    { host: 'api.example', reason: 'answered 503', msg: expect.stringContaining('is not taking requests right now') },
  ]);
});
