import { describe, expect, it } from 'vitest';
import { readDeliveryErrors } from '../../../src/copernica/deliveries.js';
import { json, startRawServer } from '../../helpers/raw-server.js';

const DATE = '2026-11-26';

/** Asks a server that answers each path with these. */
async function readFrom(answers: Readonly<Record<string, unknown>>) {
  const asked: string[] = [];
  const server = await startRawServer((socket, request) => {
    const path = /^\/v3\/([^?]*)/.exec(request.target)?.[1] ?? '';
    asked.push(path);
    socket.end(json(answers[path] ?? { error: { message: 'Invalid method' } }, path in answers ? 200 : 400));
  });
  const options = {
    apiUrl: server.url,
    authUrl: server.url,
    version: 3,
    token: 'token-of-a-test',
    timeoutMs: 5_000,
  } as const;
  const outcome = await readDeliveryErrors({ ...options, concurrency: 1, userAgent: 'test' }, DATE);
  return { outcome, asked };
}

const NAME = `feedback-loop-errors.${DATE}.log`;

describe('the log of failed deliveries', () => {
  it('is read with numbers as texts, and whatever else stands in it is left out', async () => {
    const { outcome } = await readFrom({
      logfiles: [NAME, 'cdm-click.2026-11-26.log'],
      [`logfile/${NAME}/json`]: [
        { time: '2026-11-26 10:00:00', response: '404', recipient: '192.0.2.1', header: 'X-Secret: key' },
        { time: 'yesterday', response: '', more: 1 },
        { response: 1e9 },
      ],
    });
    expect(outcome).toEqual({
      ok: true,
      value: {
        errors: [
          { status: 404, at: '2026-11-26 10:00:00' },
          { status: null, at: null },
          { status: null, at: null },
        ],
        isWhole: true,
      },
    });
  });

  it.each([
    ['no list', { logfiles: { data: [] } }],
    ['names that are none', { logfiles: [1] }],
    ['no list of errors', { logfiles: [NAME], [`logfile/${NAME}/json`]: 'none' }],
    ['a refusal', {}],
  ])('can’t be read from %s', async (_what, answers) => {
    expect((await readFrom(answers)).outcome.ok).toBe(false);
  });

  it('is read no further than so many files', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `feedback-loop-errors.${DATE}.${index}.log`);
    const { outcome, asked } = await readFrom({
      logfiles: names,
      ...Object.fromEntries(names.map((name) => [`logfile/${name}/json`, [{ response: 500 }]])),
    });
    expect(outcome).toMatchObject({ ok: true, value: { isWhole: false } });
    expect(asked.length).toBeLessThan(10);
  });

  it('says that there is more where a file is larger than what is read', async () => {
    const { outcome } = await readFrom({
      logfiles: [NAME],
      [`logfile/${NAME}/json`]: [{ header: 'x'.repeat(5 * 1024 * 1024) }],
    });
    expect(outcome).toEqual({ ok: true, value: { errors: [], isWhole: false } });
  });
});
