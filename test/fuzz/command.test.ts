import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Finished, Workplace } from '../helpers/cli.js';
import { answer, json, startRawServer } from '../helpers/raw-server.js';
import { fileOf, HEADER, made } from '../unit/state/histories.js';
import { mutated } from './mutate.js';
import { runs } from './runs.js';

const example = readFileSync(new URL('../../webhooks.example.yaml', import.meta.url));
const TOKEN = 'token-of-an-account';

/** The built command on a sample of what the other tests try by the thousand: each starts a process. */
const SAMPLE = runs(6);

/** A message in the form of all messages, and nothing that only a developer could use. */
function check({ code, stdout, stderr }: Finished, codes: readonly number[]): void {
  expect(codes).toContain(code);
  expect(stdout + stderr).not.toMatch(/internal error|^\s+at .*:\d+:\d+\)?$/m);
  expect(stdout + stderr).not.toContain(TOKEN);
  if (code !== 0) expect(stderr).toMatch(/error: ./);
}

async function open(): Promise<Workplace> {
  const place = await Workplace.open();
  Object.assign(place.environment, { COPERNICA_ACCESS_TOKEN: TOKEN, COPERNICA_API_URL: 'http://127.0.0.1:1' });
  await writeFile(place.path('webhooks.yaml'), example);
  return place;
}

describe('the command', () => {
  it('says what is wrong with a manifest of any bytes', async () => {
    const place = await open();
    await fc.assert(
      fc.asyncProperty(mutated([example]), async (bytes) => {
        await writeFile(place.path('webhooks.yaml'), bytes);
        check(await place.run('validate'), [0, 3]);
      }),
      SAMPLE,
    );
  });

  it('says what is wrong with settings of any bytes', async () => {
    const place = await open();
    const settings = Buffer.from('timeout: 10s\naccounts:\n  - {name: a, access-token-env: COPERNICA_ACCESS_TOKEN}\n');
    await fc.assert(
      fc.asyncProperty(mutated([settings]), async (bytes) => {
        await writeFile(place.path('settings.yaml'), bytes);
        check(await place.run('validate', '--config', 'settings.yaml'), [0, 3]);
      }),
      SAMPLE,
    );
  });

  it('says what is wrong with a state of any bytes, and leaves it as it is', async () => {
    const place = await open();
    const state = fileOf([HEADER, ...made('a', 10, 1), ...made('b', 11, 2)]);
    await fc.assert(
      fc.asyncProperty(mutated([state]), async (bytes) => {
        await writeFile(place.path('webhooks.state.jsonl'), bytes);
        const listed = await place.run('list');
        check(listed, [0, 4]);
        if (listed.code === 4) expect(listed.stderr).toMatch(/webhooks\.state\.jsonl/);
        expect(await readFile(place.path('webhooks.state.jsonl'))).toEqual(bytes);
      }),
      SAMPLE,
    );
  });

  it('says which answer was wrong, and takes none for a success that is none', async () => {
    const oddAnswer = fc.constantFrom(
      answer(200, { 'Content-Type': 'text/html' }, '<html>x</html>'),
      answer(201),
      answer(201, { 'X-Created': '1894\u00ff' }),
      answer(302, { Location: `https://elsewhere.example/?access_token=${TOKEN}` }),
      answer(400, {}, `{"error":{"message":"${TOKEN} \\u001b[2J"}}`),
      json({ ID: [], id: {} }),
      'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n{}',
      `HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n${'x'.repeat(5_000_000)}`,
    );
    await fc.assert(
      fc.asyncProperty(oddAnswer, fc.boolean(), async (text, toTheFirstCall) => {
        const server = await startRawServer((socket, { method }) => {
          const isOdd = toTheFirstCall || method !== 'GET';
          socket.end(isOdd ? text : json({ id: '34', name: 'x' }), 'latin1');
        });
        const place = await open();
        place.environment.COPERNICA_API_URL = server.url;
        place.environment.A = 'x';
        const flags = ['--init', '--on-uncertain', 'hold', '--settle', '0', '--timeout', '5s'];
        const { code, stdout, stderr } = await place.run('apply', ...flags);
        check({ code, stdout, stderr, signal: null }, [1, 4]);
        expect(stdout).not.toMatch(/\d+ created/);
      }),
      { numRuns: Math.min(SAMPLE.numRuns, 30) },
    );
  });
});
