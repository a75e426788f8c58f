import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/doctor/check.js';
import { handlerFinding, handlerHosts, isPublic } from '../../../src/doctor/handlers.js';
import type { Handshake } from '../../../src/doctor/handshake.js';

const NOW = new Date('2026-06-01T00:00:00.000Z');
const DAY_MS = 24 * 60 * 60_000;

const reached = (facts: Partial<Extract<Handshake, { ok: true }>> = {}): Handshake => ({
  ok: true,
  addresses: ['203.0.113.7', '2001:db8::7'],
  tls: { protocol: 'TLSv1.3', validTo: NOW.getTime() + 60 * DAY_MS },
  ms: 42,
  ...facts,
});
const until = (days: number) => reached({ tls: { protocol: 'TLSv1.3', validTo: NOW.getTime() + days * DAY_MS } });
const failed: Handshake = { ok: false, message: 'no route to it', remedy: 'make one' };
const ALL_WELL = '2 webhooks; 203.0.113.7, 2001:db8::7, TLSv1.3, certificate until 2026-07-31, 42 ms';

const HTTPS: readonly (readonly [what: string, Handshake | null, Finding['status'], string | RegExp])[] = [
  ['all well', reached(), 'ok', ALL_WELL],
  ['its turn did not come', null, 'skipped', /took too long/],
  ['no connection', failed, 'problem', 'no route to it'],
  ['13 days left', until(13.5), 'warning', /^its certificate ends in 13 days, on 2026/],
  ['one day left', until(1), 'warning', /ends in 1 day,/],
  ['14 days left', until(14), 'ok', /certificate until/],
  ['a private address', reached({ addresses: ['10.1.2.3'] }), 'warning', /^Copernica can’t reach 10\.1\.2\.3/],
  ['one of two private', reached({ addresses: ['203.0.113.7', 'fd00::1'] }), 'warning', /can’t reach fd00::1, which/],
];

describe('a handler', () => {
  const host = { protocol: 'https:', host: 'h.example', port: 443, subject: 'h.example:443', webhooks: 2 } as const;

  it.each(HTTPS)('with %s', (_what, handshake, status, message) => {
    const finding = handlerFinding(host, handshake, { behindProxy: false, now: NOW });
    expect([finding.status, finding.message]).toEqual([
      status,
      typeof message === 'string' ? message : expect.stringMatching(message),
    ]);
  });

  it('that was not reached is only warned of behind a proxy', () => {
    expect(handlerFinding(host, failed, { behindProxy: true, now: NOW })).toMatchObject({
      status: 'warning',
      message: 'could not be checked from here, behind a proxy: no route to it',
    });
  });

  it('over http is warned of, whatever else is', () => {
    const http = { ...host, protocol: 'http:', port: 80 } as const;
    const handshake = reached({ tls: null, addresses: ['127.0.0.1'] });
    expect(handlerFinding(http, handshake, { behindProxy: false, now: NOW })).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(/unencrypted; Copernica can’t reach 127\.0\.0\.1/),
      remedy: expect.stringMatching(/^use https; use a host/),
    });
  });
});

describe('hosts of handlers', () => {
  it('are each told once, sorted, by scheme and port', () => {
    const handlers = [
      'https://b.example/1',
      'https://B.example:443/2?x#y',
      'http://b.example',
      'https://[2001:db8::1]:8443/',
    ];
    expect(handlerHosts(handlers)).toEqual([
      { protocol: 'http:', host: 'b.example', port: 80, subject: 'b.example:80', webhooks: 1 },
      { protocol: 'https:', host: '2001:db8::1', port: 8443, subject: '[2001:db8::1]:8443', webhooks: 1 },
      { protocol: 'https:', host: 'b.example', port: 443, subject: 'b.example:443', webhooks: 2 },
    ]);
  });
});

describe('an address', () => {
  it.each([
    ['203.0.113.7', true],
    ['2001:db8::7', true],
    ['::ffff:203.0.113.7', true],
    ['172.32.0.1', true],
    ['172.31.0.1', false],
    ['10.0.0.1', false],
    ['192.168.1.1', false],
    ['100.64.0.1', false],
    ['169.254.1.1', false],
    ['127.0.0.1', false],
    ['0.0.0.0', false],
    ['::ffff:10.0.0.1', false],
    ['::1', false],
    ['::', false],
    ['fd12:3456::1', false],
    ['fe80::1', false],
    ['fe80::1%eth0', false],
  ])('%s is routed on the internet: %s', (address, expected) => {
    expect(isPublic(address)).toBe(expected);
  });
});
