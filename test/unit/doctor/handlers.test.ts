import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/doctor/check.js';
import { handlerFinding, handlerHosts, isPublic } from '../../../src/doctor/handlers.js';
import { type Handshake, TIMED_OUT, type TlsFacts } from '../../../src/doctor/handshake.js';

const NOW = new Date('2026-06-01T00:00:00.000Z');
const DAY_MS = 24 * 60 * 60_000;
const PUBLIC = ['203.0.113.7', '2001:db8::7'];

const inDays = (days: number) => NOW.getTime() + days * DAY_MS;
const tls = (facts: Partial<TlsFacts> = {}): TlsFacts => ({
  protocol: 'TLSv1.3',
  distrust: null,
  validFrom: inDays(-60),
  validTo: inDays(60),
  names: 'DNS:other.example',
  issuer: 'CN=Some Authority',
  ...facts,
});
const end = (facts: Partial<Extract<Handshake, { at: 'end' }>> = {}): Handshake => {
  return { at: 'end', addresses: PUBLIC, tls: tls(), ms: 42, ...facts };
};
const distrusted = (distrust: string, facts: Partial<TlsFacts> = {}) => end({ tls: tls({ distrust, ...facts }) });
const failed = (at: 'connection' | 'tls', code: string): Handshake => ({ at, addresses: PUBLIC, code });

type Row = readonly [what: string, reach: Handshake | null, status: Finding['status'], message: string | RegExp];

const HTTPS: readonly Row[] = [
  ['all well', end(), 'ok', '2 webhooks; 203.0.113.7, 2001:db8::7, TLSv1.3, certificate until 2026-07-31, 42 ms'],
  ['its turn did not come', null, 'skipped', /took too long/],
  ['an unknown name', { at: 'name', addresses: [], code: 'ENOTFOUND' }, 'problem', /^the name h\.example is not known/],
  ['a resolver that is silent', { at: 'name', addresses: [], code: TIMED_OUT }, 'problem', /no answer in time/],
  [
    'a closed port',
    failed('connection', 'ECONNREFUSED'),
    'problem',
    /^no connection to port 443 of 203\.0\.113\.7, 2001/,
  ],
  ['a firewall', failed('connection', TIMED_OUT), 'problem', /no answer in time/],
  ['http instead of TLS', failed('tls', 'ERR_SSL_WRONG_VERSION_NUMBER'), 'problem', /plain http/],
  ['a code that nobody knows', failed('tls', 'ERR_SSL_ODD'), 'problem', 'no TLS on port 443: ERR_SSL_ODD'],
  [
    'an expired certificate',
    distrusted('CERT_HAS_EXPIRED', { validTo: inDays(-1) }),
    'problem',
    'its certificate expired on 2026-05-31 (CERT_HAS_EXPIRED)',
  ],
  [
    'one of the future',
    distrusted('CERT_NOT_YET_VALID', { validFrom: inDays(1) }),
    'problem',
    /only from 2026-06-02 on/,
  ],
  ['one of another host', distrusted('ERR_TLS_CERT_ALTNAME_INVALID'), 'problem', /for other hosts: DNS:other\.example/],
  ['one that signs itself', distrusted('DEPTH_ZERO_SELF_SIGNED_CERT'), 'problem', /signed by itself/],
  ['a chain without its middle', distrusted('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'problem', /intermediate/],
  [
    'an unknown authority',
    distrusted('UNABLE_TO_GET_ISSUER_CERT_LOCALLY'),
    'problem',
    /^its certificate of CN=Some Authority leads to no authority that is known here/,
  ],
  [
    '13 days left',
    end({ tls: tls({ validTo: inDays(13.5) }) }),
    'warning',
    /^its certificate ends in 13 days, on 2026/,
  ],
  ['one day left', end({ tls: tls({ validTo: inDays(1) }) }), 'warning', /ends in 1 day,/],
  ['14 days left', end({ tls: tls({ validTo: inDays(14) }) }), 'ok', /certificate until/],
  ['a private address', end({ addresses: ['10.1.2.3'] }), 'warning', /^Copernica can’t reach 10\.1\.2\.3/],
  ['one of several private', end({ addresses: ['203.0.113.7', 'fd00::1'] }), 'warning', /can’t reach fd00::1, which/],
];

describe('a handler', () => {
  const host = { protocol: 'https:', host: 'h.example', port: 443, subject: 'h.example:443', webhooks: 2 } as const;

  it.each(HTTPS)('with %s', (_what, reach, status, message) => {
    const finding = handlerFinding(host, reach, { behindProxy: false, now: NOW });
    expect([finding.status, finding.message]).toEqual([
      status,
      typeof message === 'string' ? message : expect.stringMatching(message),
    ]);
    if (finding.status === 'problem' || finding.status === 'warning') expect(finding.remedy).not.toBe('');
    if (finding.status === 'problem') expect(finding.failure).toBe('failed');
  });

  it.each(HTTPS.filter(([, , status]) => status === 'problem'))('with %s, behind a proxy', (_what, reach) => {
    const finding = handlerFinding(host, reach, { behindProxy: true, now: NOW });
    expect([finding.status, finding.message]).toEqual([
      'warning',
      expect.stringMatching(/^could not be checked from here, behind a proxy: /),
    ]);
  });

  it('over http is warned of, whatever else is', () => {
    const http = { ...host, protocol: 'http:', port: 80 } as const;
    const reach = end({ tls: null, addresses: ['127.0.0.1'] });
    expect(handlerFinding(http, reach, { behindProxy: false, now: NOW })).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(/in the clear; Copernica can’t reach 127\.0\.0\.1/),
      remedy: expect.stringMatching(/^use https; give a host/),
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
