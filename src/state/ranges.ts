import type { IdRange, ReadRange } from './state.js';

/** The ids of both lists as the fewest possible ranges: sorted, with gaps between them. */
export function union(a: readonly IdRange[], b: readonly IdRange[]): IdRange[] {
  const joined: { from: number; to: number }[] = [];
  for (const { from, to } of [...a, ...b].sort(byFirst)) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last.to + 1) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined;
}

function byFirst(a: IdRange, b: IdRange): number {
  return a.from - b.from;
}

/** The parts of `ranges` that are in none of the others. Both lists must be sorted and have gaps between ranges. */
export function without(ranges: readonly IdRange[], others: readonly IdRange[]): IdRange[] {
  const left: IdRange[] = [];
  for (const { from, to } of ranges) {
    let next = from;
    for (const other of others) {
      if (other.to < next || other.from > to) continue;
      if (other.from > next) left.push({ from: next, to: other.from - 1 });
      next = other.to + 1;
    }
    if (next <= to) left.push({ from: next, to });
  }
  return left;
}

/** Each id once, rising. */
export function rising(ids: Iterable<number>): number[] {
  return [...new Set(ids)].sort((a, b) => a - b);
}

/** Ids as ranges. */
export function rangesOf(ids: readonly number[]): IdRange[] {
  return union(
    ids.map((id) => ({ from: id, to: id })),
    [],
  );
}

/** Adds a new reading to earlier ones. Where they overlap, the later one counts. */
export function withReading(before: readonly ReadRange[], now: ReadRange): ReadRange[] {
  const rest = before.flatMap((range) => without([range], [now]).map((part) => ({ ...part, at: range.at })));
  return [...rest, now].sort(byFirst);
}

export function isWithin(id: number, ranges: readonly IdRange[] = []): boolean {
  return ranges.some(({ from, to }) => from <= id && id <= to);
}

/** `5`, `5 to 9`, `5 to 9 and 12`. */
export function rangesText(ranges: readonly IdRange[]): string {
  const texts = ranges.map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`));
  const last = texts.pop() ?? '';
  return texts.length === 0 ? last : `${texts.join(', ')} and ${last}`;
}

/** One range from the first id to the last, gaps included. */
export function hull(ranges: readonly IdRange[]): IdRange {
  return { from: ranges[0]?.from ?? 0, to: ranges.at(-1)?.to ?? 0 };
}
