// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import { describe, expect, it } from 'vitest';
import { ProductError } from '../../../src/errors.js';
import type { AppliedChange, ChangeResult } from '../../../src/plan/applied.js';
import type { Change } from '../../../src/plan/change.js';
import type { IdRange } from '../../../src/state/state.js';
import { rowsAfterManifest, rowsAfterRun } from '../../../src/status/rows.js';
import type { ManifestEntry, WebhookSpec } from '../../../src/webhook.js';
import { anEntry, aState } from '../../helpers/state.js';

const SPEC: WebhookSpec = { handler: 'https://u:p@a.example/x?key=1', trigger: 'create' };
const ENDED = '2026-11-23T10:00:00.000Z';
const desired = { name: 'a', spec: SPEC, file: 'webhooks.yaml', line: 2, column: 5 };
const none: Change = { action: 'none', name: 'a', reason: '', desired, id: 7 };
const create: Change = { action: 'create', name: 'a', reason: '', desired, goneId: null };
const recover: Change = { action: 'recover', name: 'a', reason: '', desired, intents: [], replaces: null };
const remove: Change = { action: 'delete', name: 'a', reason: '', id: 7, spec: SPEC, cause: 'pruned' };
const orphaned: Change = { action: 'orphaned', name: 'a', reason: '', id: 7, spec: SPEC };

const problem = { code: 'api-refused', severity: 'error', message: 'refused https://a.example/?secret' } as const;

function applied(change: Change, result: ChangeResult): AppliedChange {
  const error = result === 'failed' ? new ProductError('failed', [problem]) : null;
  return { change, result, id: 'id' in change ? change.id : null, error };
}

function rowsAfter(change: Change, result: ChangeResult, possiblyDuplicated: Record<string, readonly IdRange[]> = {}) {
  const state = aState({ entries: [anEntry({ name: 'a', id: 7, spec: SPEC })], possiblyDuplicated });
  return rowsAfterRun({ changes: [applied(change, result)], state, manifest: { entries: [desired] } }, [], ENDED);
}

describe('a webhook’s status after a run', () => {
  it.each([
    [none, 'done', 'created'],
    [create, 'done', 'created'],
    [create, 'failed', 'failed'],
    [create, 'refused', 'failed'],
    [create, 'skipped', 'pending'],
    [create, 'uncertain', 'uncertain'],
    [recover, 'uncertain', 'uncertain'],
    [remove, 'skipped', 'deleting'],
    [remove, 'failed', 'failed'],
    [orphaned, 'done', 'orphaned'],
  ] as const)('$0.action, $1: $2', (change, result, status) => {
    expect(rowsAfter(change, result)).toMatchObject([{ name: 'a', status, handler: 'https://***@a.example/x?***' }]);
  });

  it('is possibly-duplicated with its ranges where a double may be there', () => {
    const ranges = [
      { from: 1, to: 3 },
      { from: 8, to: 9 },
    ];
    expect(rowsAfter(none, 'done', { a: ranges })).toMatchObject([
      { status: 'possibly-duplicated', possiblyDuplicated: { from: 1, to: 9 }, possiblyDuplicatedRanges: ranges },
    ]);
    expect(rowsAfter(none, 'done')).toMatchObject([{ possiblyDuplicated: null, possiblyDuplicatedRanges: null }]);
  });

  it('keeps the very row of what the run found as the one before left it, and makes any other anew', () => {
    const [before] = rowsAfter(none, 'done');
    if (before === undefined) throw new Error('no row');
    const next = (applied: AppliedChange, ranges: Record<string, readonly IdRange[]> = {}) => {
      const state = aState({ entries: [anEntry({ name: 'a', id: 7, spec: SPEC })], possiblyDuplicated: ranges });
      return rowsAfterRun({ changes: [applied], state, manifest: { entries: [desired] } }, [before], 'later')[0];
    };
    expect(next(applied(none, 'done')) === before).toBe(true);
    expect(next({ ...applied(none, 'done'), id: 8 })).toMatchObject({ id: 8 });
    expect(next(applied(none, 'done'), { a: [{ from: 1, to: 3 }] })).toMatchObject({ status: 'possibly-duplicated' });
    expect(next(applied(create, 'failed'))).toMatchObject({ status: 'failed' });
    const other = { ...desired, spec: { ...SPEC, trigger: 'update' as const } };
    expect(next(applied({ ...none, desired: other }, 'done'))).toMatchObject({ trigger: 'update' });
  });

  it('is none at all once it is deleted', () => {
    expect(rowsAfter(remove, 'done')).toEqual([]);
  });

  it('has its handler as the file writes it, of one that is orphaned as the state knows that', () => {
    const written = { handlerAsWritten: 'https://a.example/x?key=${WEBHOOKS_KEY}' };
    expect(rowsAfter({ ...none, desired: { ...desired, ...written } }, 'done')).toMatchObject([
      { handler: written.handlerAsWritten },
    ]);
    expect(rowsAfter({ ...orphaned, ...written }, 'done')).toMatchObject([{ handler: written.handlerAsWritten }]);
    expect(rowsAfterManifest([{ ...desired, ...written }], [])).toMatchObject([{ handler: written.handlerAsWritten }]);
  });

  it('tells its error masked', () => {
    expect(JSON.stringify(rowsAfter(create, 'failed'))).not.toContain('secret');
  });
});

describe('the table when a manifest comes into force', () => {
  it('keeps what it wants as before, and awaits the next run for what it wants otherwise', () => {
    const before = rowsAfter(none, 'done');
    const other = { ...desired, spec: { ...SPEC, trigger: 'update' as const } };
    expect(rowsAfterManifest([desired], before)).toEqual(before);
    expect(rowsAfterManifest([other], before)).toMatchObject([{ id: 7, status: 'pending', trigger: 'update' }]);
    expect(rowsAfterManifest([], before)).toEqual(before);
  });

  it('knows an entry again that calls its database by name', () => {
    const limit = { name: 'Customers', shown: 'Customers', line: 3, column: 5, frame: '' };
    const named: ManifestEntry = { ...desired, spec: { ...SPEC, database: limit } };
    expect(rowsAfterManifest([named], [])).toMatchObject([{ status: 'pending', database: 'Customers' }]);
    const resolved = { ...desired, spec: { ...SPEC, database: 1017 } };
    const changes = [applied({ ...none, desired: resolved }, 'done')];
    const rows = rowsAfterRun({ changes, state: aState({}), manifest: { entries: [named] } }, [], ENDED);
    expect(rowsAfterManifest([named], rows)).toMatchObject([{ status: 'created', database: 1017 }]);
  });
});
