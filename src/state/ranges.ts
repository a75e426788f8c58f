import type { IdRange, ReadRange } from './state.js';

/** Ranges as few as can be: sorted, apart from each other, with the ids of both lists. */
export function union(a: readonly IdRange[], b: readonly IdRange[]): IdRange[] {
  const sorted = [...a, ...b].sort((left, right) => left.from - right.from);
  const joined: { from: number; to: number }[] = [];
  for (const { from, to } of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last.to + 1) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined;
}

/** What of the ranges is in none of the others. Both sorted, and each apart from its like. */
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

/** Rising ids as ranges. */
export function rangesOf(ids: Iterable<number>): IdRange[] {
  const ranges: { from: number; to: number }[] = [];
  for (const id of ids) {
    const last = ranges.at(-1);
    if (last !== undefined && id === last.to + 1) last.to = id;
    else ranges.push({ from: id, to: id });
  }
  return ranges;
}

/** What was read before with what was read now: where both are, the later reading counts. */
export function withReading(before: readonly ReadRange[], now: ReadRange): ReadRange[] {
  const rest = before.flatMap((range): ReadRange[] => {
    if (range.to < now.from || range.from > now.to) return [range];
    const below = range.from < now.from ? [{ ...range, to: now.from - 1 }] : [];
    const above = range.to > now.to ? [{ ...range, from: now.to + 1 }] : [];
    return [...below, ...above];
  });
  const at = rest.findIndex(({ from }) => from > now.from);
  const place = at < 0 ? rest.length : at;
  const last = rest[place - 1];
  // Pieces of one reading become one range, so that there are few.
  if (last !== undefined && last.to === now.from - 1 && last.at === now.at) {
    return rest.toSpliced(place - 1, 1, { ...now, from: last.from });
  }
  return rest.toSpliced(place, 0, now);
}

/** `5`, `5 to 9`, `5 to 9 and 12`. */
export function rangesText(ranges: readonly IdRange[]): string {
  const texts = ranges.map(({ from, to }) => (from === to ? `${from}` : `${from} to ${to}`));
  const last = texts.pop() ?? '';
  return texts.length === 0 ? last : `${texts.join(', ')} and ${last}`;
}

/** From the first id of the ranges to the last, what lies between included. */
export function hull(ranges: readonly IdRange[]): IdRange {
  return { from: ranges[0]?.from ?? 0, to: ranges.at(-1)?.to ?? 0 };
}
