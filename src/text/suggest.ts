/** Longer words are not compared: the time grows with the product of both lengths. */
const LONGEST_WORD_CHARS = 64;

/** Shorter beginnings say too little. */
const SHORTEST_BEGINNING_CHARS = 3;

/** One slip for three characters, at most three: with one slip, any two-letter word is close to any other. */
function mostSlips(word: string): number {
  return Math.min(3, Math.floor(word.length / 3));
}

/**
 * The candidate that was probably meant: the one with the fewest slips, or else the only one with this beginning.
 * Ignores case. Undefined: none is close.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word === '' || word.length > LONGEST_WORD_CHARS) return undefined;
  const lower = word.toLowerCase();
  let best: string | undefined;
  let fewest = mostSlips(word) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= fewest) continue;
    const slips = countSlips(lower, candidate.toLowerCase());
    if (slips < fewest) {
      best = candidate;
      fewest = slips;
    }
  }
  return best ?? onlyBeginning(lower, candidates);
}

function onlyBeginning(lower: string, candidates: readonly string[]): string | undefined {
  if (lower.length < SHORTEST_BEGINNING_CHARS) return undefined;
  const [candidate, ...more] = candidates.filter((it) => it.toLowerCase().startsWith(lower));
  return more.length === 0 ? candidate : undefined;
}

/**
 * Letters to add, leave out or change, and neighbours to swap, to turn one word into the other (optimal string
 * alignment distance: `craete` is one slip away from `create`).
 */
function countSlips(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const changed = (last[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      let slips = Math.min(changed, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        slips = Math.min(slips, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(slips);
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length] ?? 0;
}
