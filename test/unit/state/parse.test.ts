import { describe, expect, it } from 'vitest';
import { parseJournal } from '../../../src/state/file/parse.js';
import { fold } from '../../../src/state/fold.js';
import type { StateRecord } from '../../../src/state/records.js';
import { AT, aWebhook, fileOf, HEADER, made } from './histories.js';

const RECORDS: readonly StateRecord[] = [
  HEADER,
  ...made('a', 10, 1),
  {
    type: 'intent',
    intent: 2,
    name: 'ü',
    above: 10,
    at: AT,
    webhook: aWebhook('*J', { callers: ['ms'], database: 7 }),
  },
  { type: 'unknown', intent: 2, at: AT, reason: 'no answer' },
  ...made('c', 12, 3),
];
const FILE = fileOf(RECORDS);

/** The file as lines, each with its newline. */
function linesOf(file: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < file.length; ) {
    const to = file.indexOf('\n', from) + 1;
    lines.push(file.subarray(from, to));
    from = to;
  }
  return lines;
}

describe('a whole file', () => {
  it('is read to the state of its records', () => {
    expect(parseJournal(FILE)).toMatchObject({
      kind: 'journal',
      state: fold(RECORDS),
      records: RECORDS.length,
      goodBytes: FILE.length,
      tornBytes: 0,
      lacksNewline: false,
    });
  });

  it('is JSON on every line, with the check first', () => {
    const lines = FILE.toString().trimEnd().split('\n');
    const values = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(values.map(({ crc: _, ...record }) => record)).toEqual(RECORDS);
    for (const line of lines) expect(line).toMatch(/^\{"crc":"[0-9a-f]{8}","type":"/);
  });

  it('checks as any zip tool does: CRC-32 of the rest of all lines so far', () => {
    const first = fileOf([{ type: 'header', version: 1, account: '34', createdAt: AT }]);
    // python3 -c 'import zlib; print("%08x" % zlib.crc32(b"..."))' over what follows the check.
    expect(first.toString()).toBe(
      `{"crc":"b561c301","type":"header","version":1,"account":"34","createdAt":"${AT}"}\n`,
    );
  });
});

describe('a file cut off at any byte', () => {
  const ends = linesOf(FILE).map((_, index, lines) => Buffer.concat(lines.slice(0, index + 1)).length);

  it('holds its whole records, and no other state', () => {
    for (let length = 0; length < FILE.length; length += 1) {
      const whole = ends.filter((end) => end - 1 <= length).length;
      const end = ends[whole - 1] ?? 0;
      const lacksNewline = end - 1 === length;
      const expected = {
        kind: 'journal',
        records: whole,
        state: whole === 0 ? null : fold(RECORDS.slice(0, whole)),
        goodBytes: lacksNewline ? length : end,
        tornBytes: lacksNewline ? 0 : length - end,
        lacksNewline,
      };
      expect(parseJournal(FILE.subarray(0, length))).toMatchObject(whole === 0 ? { kind: 'empty' } : expected);
    }
  });
});

describe('a file that a power cut left longer than it was filled', () => {
  it.each([0, 1, 40])('NULs after %i bytes of a record are a torn record', (bytes) => {
    const torn = Buffer.concat([FILE, FILE.subarray(0, bytes), Buffer.alloc(4096)]);
    const reading = parseJournal(torn);
    expect(reading).toMatchObject({ records: RECORDS.length, goodBytes: FILE.length, tornBytes: bytes + 4096 });
  });

  it('NULs after a whole record leave the record', () => {
    const torn = Buffer.concat([FILE.subarray(0, -1), Buffer.alloc(100)]);
    expect(parseJournal(torn)).toMatchObject({
      records: RECORDS.length,
      goodBytes: FILE.length - 1,
      lacksNewline: true,
    });
  });

  it('NULs before a newline are damage', () => {
    const damaged = Buffer.concat([FILE, Buffer.alloc(100), Buffer.from('\n')]);
    expect(parseJournal(damaged)).toMatchObject({ kind: 'damaged', offset: FILE.length, line: RECORDS.length + 1 });
  });
});

describe('a changed file', () => {
  it('with any one bit flipped is refused, or read as if it were not', () => {
    const untouched: number[] = [];
    for (let bit = 0; bit < FILE.length * 8; bit += 1) {
      const flipped = Buffer.from(FILE);
      const byte = bit >> 3;
      flipped[byte] = (flipped[byte] ?? 0) ^ (1 << (bit & 7));
      const reading = parseJournal(flipped);
      if (reading.kind === 'damaged' || reading.kind === 'newer') continue;
      expect(reading).toMatchObject({ kind: 'journal', state: fold(RECORDS), records: RECORDS.length });
      untouched.push(byte);
    }
    // The last newline, and nothing else: what stands before it shows that it was there.
    expect(new Set(untouched)).toEqual(new Set([FILE.length - 1]));
  });

  it('is refused with the place of what does not fit', () => {
    const lines = linesOf(FILE);
    const changed = Buffer.from(FILE.toString().replace('"id":10,', '"id":11,'));
    expect(parseJournal(changed)).toMatchObject({
      kind: 'damaged',
      offset: Buffer.concat(lines.slice(0, 2)).length,
      line: 3,
      why: expect.stringContaining('checksum'),
    });
  });

  it('without one of its lines, other than the last, is refused', () => {
    const lines = linesOf(FILE);
    for (let gone = 0; gone < lines.length - 1; gone += 1) {
      const rest = Buffer.concat(lines.filter((_, index) => index !== gone));
      expect(parseJournal(rest)).toMatchObject({ kind: 'damaged', line: gone + 1 });
    }
  });

  it('with one of its lines twice is refused', () => {
    const lines = linesOf(FILE);
    for (let twice = 0; twice < lines.length; twice += 1) {
      const more = Buffer.concat(lines.flatMap((line, index) => (index === twice ? [line, line] : [line])));
      expect(parseJournal(more)).toMatchObject({ kind: 'damaged', line: twice + 2 });
    }
  });

  it('with any two of its lines swapped is refused', () => {
    const lines = linesOf(FILE);
    for (let one = 0; one < lines.length; one += 1) {
      for (let other = one + 1; other < lines.length; other += 1) {
        const swapped = [...lines];
        [swapped[one], swapped[other]] = [lines[other] ?? FILE, lines[one] ?? FILE];
        expect(parseJournal(Buffer.concat(swapped))).toMatchObject({ kind: 'damaged', line: one + 1 });
      }
    }
  });

  it('is refused for what cannot be true, although every line fits its check', () => {
    const file = fileOf([...RECORDS, { type: 'removed', id: 99, at: AT }]);
    expect(parseJournal(file)).toEqual({
      kind: 'damaged',
      offset: FILE.length,
      line: RECORDS.length + 1,
      why: "(removed) can't be true: there is no webhook 99",
    });
  });

  it('with Windows line ends is refused', () => {
    const converted = Buffer.from(FILE.toString().replaceAll('\n', '\r\n'));
    expect(parseJournal(converted)).toMatchObject({ kind: 'damaged', line: 1 });
  });
});

describe('something else', () => {
  it.each([
    ['a text', 'hello\n'],
    ['a text without an end', 'hello'],
    ['JSON', '{"webhooks":[]}'],
    ['one newline', '\n'],
    ['another JSON with a check', '{"crc":"00000000","a":1}'],
    ['a journal without its header', fileOf(made('a', 1, 1)).toString()],
  ])('%s is not a state file', (_, text) => {
    expect(parseJournal(Buffer.from(text))).toMatchObject({ kind: 'damaged', offset: 0, line: 1 });
  });

  it.each([
    ['no byte', Buffer.alloc(0)],
    ['NULs', Buffer.alloc(4096)],
    ['the beginning of a header, then NULs', Buffer.concat([FILE.subarray(0, 30), Buffer.alloc(100)])],
  ])('%s is a file in which nothing was ever recorded', (_, bytes) => {
    expect(parseJournal(bytes)).toEqual({ kind: 'empty' });
  });

  it('a file of a later version is known by its header, however it checks itself', () => {
    const later = '{"check":"sha256-…","type":"header","version":3,"more":{}}\nbinary from here on';
    expect(parseJournal(Buffer.from(later))).toEqual({ kind: 'newer', version: 3, known: 2 });
    const sameCheck = fileOf([{ ...HEADER, version: 3 }]);
    expect(parseJournal(sameCheck)).toMatchObject({ kind: 'newer', version: 3 });
  });
});
