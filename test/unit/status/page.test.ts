import { describe, expect, it } from 'vitest';
import { advanceStatus, initialStatus, type StatusEvent } from '../../../src/status/account-status.js';
import { statusPage } from '../../../src/status/page.js';
import { type AccountNow, snapshotOf } from '../../../src/status/summarize.js';
import { listRows, parseView, queryOf, ROWS_A_PAGE } from '../../../src/status/view.js';
import type { ManifestEntry } from '../../../src/webhook.js';
import { report } from '../../helpers/outcomes.js';

const T0 = new Date('2026-01-01T00:00:00.000Z');

function entriesOf(count: number, spec: Partial<ManifestEntry['spec']> = {}): ManifestEntry[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `entry-${String(index).padStart(5, '0')}`,
    spec: { handler: `https://a.example/${index}`, trigger: index % 2 === 0 ? 'create' : 'open', ...spec },
    file: 'webhooks.yaml',
    line: index,
    column: 1,
  }));
}

function snapshotWith(entries: readonly ManifestEntry[], ...events: readonly StatusEvent[]) {
  const read: StatusEvent = { kind: 'manifest-read', entries, commit: null, problems: [] };
  const status = [read, ...events].reduce((before, event) => advanceStatus(before, event, T0), initialStatus(T0));
  const account: AccountNow = {
    name: null,
    target: 'https://api.example',
    file: 'webhooks.yaml',
    schedule: '*/15 * * * *',
    nextAt: null,
    longestWaitMs: 900_000,
    status,
  };
  return snapshotOf([account], { version: '1.2.3', startedAt: T0, now: T0 });
}

const view = (query: string) => parseView(new URLSearchParams(query));
const rowsIn = (page: string) => page.match(/scope="row">entry-/g)?.length ?? 0;

describe('the status page', () => {
  it('shows of a commit its first twelve digits, and none where none is known', () => {
    const commit = '0123456789abcdef0123456789abcdef01234567';
    const known = snapshotWith([], { kind: 'manifest-read', entries: [], commit, problems: [] });
    expect(statusPage(known, view(''))).toContain(`<code title="${commit}">0123456789ab</code>`);
    expect(statusPage(snapshotWith([]), view(''))).not.toContain('Commit');
  });

  it('shows a collection that is given without its database', () => {
    expect(statusPage(snapshotWith(entriesOf(1, { collection: 42 })), view(''))).toContain('any / 42');
  });

  it('shows webhooks a hundred at a time', () => {
    const snapshot = snapshotWith(entriesOf(950));
    const page = statusPage(snapshot, view(''));
    expect(rowsIn(page)).toBe(ROWS_A_PAGE);
    expect(page).toContain('Page 1 of 10');
    const last = statusPage(snapshot, view('page=10'));
    expect(last).toContain('entry-00949');
    expect(statusPage(snapshot, view('page=4711'))).toContain('Page 10 of 10');
  });

  it.each([
    ['q=entry-0001', 10],
    ['q=https%3A%2F%2Fa.example%2F42', 1],
    ['trigger=open', 50],
    ['status=pending', 100],
    ['status=failed', 0],
    ['q=ENTRY-00042', 1],
    ['status=nonsense&sort=y&order=z&page=-1', 100],
    ['trigger=open&q=entry-0001', 5],
  ])('filters by the URL alone: ?%s', (query, found) => {
    expect(listRows(snapshotWith(entriesOf(100)), view(query)).found).toBe(found);
  });

  it('sorts either way, with links that keep the filter', () => {
    const snapshot = snapshotWith(entriesOf(3));
    const names = (query: string) => listRows(snapshot, view(query)).rows.map(({ name }) => name);
    expect(names('sort=name&order=desc')).toEqual(['entry-00002', 'entry-00001', 'entry-00000']);
    const outcome = report({ 'entry-00000': 'fine', 'entry-00001': 'failed', 'entry-00002': 'fine' });
    const ran = snapshotWith(entriesOf(3, { handler: 'https://a.example/x', trigger: 'create' }), outcome);
    // What needs attention comes first.
    expect(listRows(ran, view('')).rows.map(({ id, status }) => `${id} ${status}`)[0]).toBe('1 failed');
    expect(names('sort=trigger')).toEqual(['entry-00000', 'entry-00002', 'entry-00001']);
    expect(queryOf(view('status=x&sort=y&order=z&page=-1&more=1'))).toBe('?');
    expect(queryOf(view('trigger=open&sort=name&order=desc&page=3'))).toBe('?trigger=open&sort=name&order=desc&page=3');
    expect(statusPage(snapshot, view('trigger=open'))).toContain('href="?trigger=open&amp;sort=name#webhooks"');
  });

  it('sorts numbers in texts by what they count, and ids of databases before names', () => {
    const numbered = (name: string, database: number) => ({ ...entriesOf(1, { database })[0], name });
    const entries = [numbered('hook-10', 1017), numbered('hook-9', 42), numbered('hook-1', 420)] as ManifestEntry[];
    const names = (query: string) => listRows(snapshotWith(entries), view(query)).rows.map(({ name }) => name);
    expect(names('')).toEqual(['hook-1', 'hook-9', 'hook-10']);
    expect(names('sort=name&order=desc')).toEqual(['hook-10', 'hook-9', 'hook-1']);
    expect(names('sort=limit')).toEqual(['hook-9', 'hook-1', 'hook-10']);
  });

  it('refreshes itself, until a link says otherwise, which every other link and the filter keep', () => {
    const snapshot = snapshotWith(entriesOf(101), report({ 'entry-00000': 'failed' }));
    const page = statusPage(snapshot, view('trigger=open'));
    expect(page).toContain('<meta http-equiv="refresh" content="30">');
    expect(page).toContain('href="?trigger=open&amp;refresh=0">stop');
    const still = statusPage(snapshot, view('trigger=open&refresh=0'));
    expect(still).not.toContain('http-equiv');
    expect(still).toContain('href="?trigger=open">refresh');
    expect(still).toContain('<input type="hidden" name="refresh" value="0">');
    const others = [...still.matchAll(/href="(\?[^"]*)#webhooks"/g)].map(([, query = '']) => query);
    expect(others.filter((query) => !/[?;]refresh=0$/.test(query))).toEqual([]);
    expect(others.length).toBeGreaterThan(5);
  });

  it('escapes whatever stands in the file', () => {
    const hostile = '"><img src=x onerror=alert(1)>';
    const limit = { name: 'x', shown: hostile, line: 1, column: 1, frame: '' };
    const page = statusPage(snapshotWith(entriesOf(1, { database: limit })), view(`q=${encodeURIComponent('"><b>')}`));
    const all = page + statusPage(snapshotWith(entriesOf(1, { database: limit })), view(''));
    expect(all).not.toMatch(/<img|<b>/);
    expect(all).toContain('&quot;&gt;&lt;img');
  });

  it('says what is uncertain and what to do about it, with a link to those, and lists the run', () => {
    const outcome = report({ 'entry-00000': 'fine', 'entry-00001': 'uncertain' });
    const entries = entriesOf(2, { handler: 'https://a.example/x', trigger: 'create' });
    const snapshot = snapshotWith(entries, outcome);
    const page = statusPage(snapshot, view('status=uncertain'));
    expect(page).toContain('<h1>1 create is of unknown outcome</h1>');
    expect(page).toMatch(/entry-00001: no, said the API<p class="remedy">Look at it\.<\/p>/);
    expect(page).toContain('<a href="?status=uncertain#webhooks">Show it in the table</a>');
    expect([rowsIn(page), page.match(/<tr><th scope="row">/g)?.length]).toEqual([1, 2]);
    expect(page).toContain('<td class="">1 not done</td>');
  });

  it('says what is going on before anything has been read', () => {
    const empty = snapshotOf([], { version: '1.2.3', startedAt: T0, now: T0 });
    expect(statusPage(empty, view(''))).toContain('<h1');
    expect(empty).toMatchObject({ ready: false, notReadyBecause: ['it is still starting'] });
  });
});
