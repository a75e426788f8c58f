import { describe, expect, it } from 'vitest';
import {
  isInClear,
  isPostgresUrl,
  type PostgresAddress,
  parsePostgresUrl,
  shownAddress,
} from '../../../src/state/postgres/address.js';
import { assertNewEnough } from '../../../src/state/postgres/schema.js';

const PLAIN: PostgresAddress = {
  host: 'db.example.com',
  port: 5432,
  user: 'u',
  database: 'd',
  name: 'default',
  sslMode: 'verify-full',
  sslRootCert: undefined,
};

describe('the URL of a database', () => {
  it.each<[string, Partial<PostgresAddress>, string | undefined, string]>([
    ['postgres://u@db.example.com/d', {}, undefined, 'postgres://u@db.example.com:5432/d#default'],
    [
      'POSTGRESQL://u@db.example.com:5433/d#shop',
      { port: 5433, name: 'shop' },
      undefined,
      'postgres://u@db.example.com:5433/d#shop',
    ],
    ['postgres://u:p%40%3A%2Fw@db.example.com/d', {}, 'p@:/w', 'postgres://u@db.example.com:5432/d#default'],
    [
      'postgres://u%40x@db.example.com/d%20e#a%2Fb',
      { user: 'u@x', database: 'd e', name: 'a/b' },
      undefined,
      'postgres://u%40x@db.example.com:5432/d e#a%2Fb',
    ],
    [
      'postgres://u@[2001:db8::1]:6000/d',
      { host: '2001:db8::1', port: 6000 },
      undefined,
      'postgres://u@[2001:db8::1]:6000/d#default',
    ],
    ['postgres://u@[::1]/d', { host: '::1', sslMode: 'disable' }, undefined, 'postgres://u@[::1]:5432/d#default'],
    [
      'postgres://u@127.0.0.1/d',
      { host: '127.0.0.1', sslMode: 'disable' },
      undefined,
      'postgres://u@127.0.0.1:5432/d#default',
    ],
    [
      'postgres://u@localhost/d?sslmode=verify-full',
      { host: 'localhost' },
      undefined,
      'postgres://u@localhost:5432/d#default',
    ],
    [
      'postgres://u@db.example.com/d?sslmode=disable',
      { sslMode: 'disable' },
      undefined,
      'postgres://u@db.example.com:5432/d#default',
    ],
    [
      'postgres://u@db.example.com/d?sslrootcert=%2Fetc%2Fca.pem',
      { sslRootCert: '/etc/ca.pem' },
      undefined,
      'postgres://u@db.example.com:5432/d#default',
    ],
    [
      'postgres://u@localhost/d?host=/run/pg',
      { host: '/run/pg', sslMode: 'disable' },
      undefined,
      'postgres://u@localhost:5432/d?host=/run/pg#default',
    ],
    [
      'postgres://u@ignored:5433/d?host=/run/pg',
      { host: '/run/pg', port: 5433, sslMode: 'disable' },
      undefined,
      'postgres://u@localhost:5433/d?host=/run/pg#default',
    ],
  ])('%s is read, and shown without its password', (text, parts, password, shown) => {
    expect(parsePostgresUrl(text)).toEqual({ ok: true, address: { ...PLAIN, ...parts }, password });
    expect(shownAddress({ ...PLAIN, ...parts })).toBe(shown);
    expect(parsePostgresUrl(shown)).toMatchObject({ ok: true, address: { host: parts.host ?? PLAIN.host } });
  });

  it.each([
    ['postgres://', 'has no'],
    ['postgres://u:secret@/d', 'is not a URL'],
    ['postgres://:secret@h/d', 'has no user'],
    ['postgres://u:secret@h', 'has no database'],
    ['postgres://u:secret@h/d/e', 'has no database'],
    ['postgres://u:secret@h:99999/d', 'is not a URL'],
    ['postgres://u:secret%@h/d', 'has a %'],
    ['postgres://u:secret@h/d?sslmode=require', 'an sslmode other than'],
    ['postgres://u:secret@h/d?sslcert=secret', 'a parameter that is none of'],
    [`postgres://u:secret@h/d#${'x'.repeat(101)}`, 'more than 100 characters'],
  ])('%s is refused, with nothing of the password said', (text, why) => {
    const parsed = parsePostgresUrl(text);
    expect(parsed).toEqual({ ok: false, why: expect.stringContaining(why) });
    expect(JSON.stringify(parsed)).not.toContain('secret');
  });

  it('has the name of the account where it says none', () => {
    expect(parsePostgresUrl('postgres://u@h/d', 'shop')).toMatchObject({ address: { name: 'shop' } });
    expect(parsePostgresUrl('postgres://u@h/d#own', 'shop')).toMatchObject({ address: { name: 'own' } });
  });

  it('is told from a path', () => {
    expect(['postgres://x', 'PostgreSQL://x', 'postgres:/x', './postgres', ''].map(isPostgresUrl)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('is in clear only where that was written and it leaves the machine', () => {
    expect(isInClear({ ...PLAIN, sslMode: 'disable' })).toBe(true);
    expect(isInClear(PLAIN)).toBe(false);
    for (const host of ['/run/pg', '::1', '127.0.0.1', 'localhost']) {
      expect(isInClear({ ...PLAIN, host, sslMode: 'disable' })).toBe(false);
    }
  });
});

describe('the version of a server', () => {
  it('is 14 or later', () => {
    expect(() => assertNewEnough(140_000, 'there')).not.toThrow();
    expect(() => assertNewEnough(130_023, 'there')).toThrow('there is on PostgreSQL 13, and this program needs 14');
  });
});
