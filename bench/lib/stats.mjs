export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median, least and most; null of nothing. */
export function spread(numbers) {
  const known = numbers.filter((number) => typeof number === 'number' && !Number.isNaN(number));
  if (known.length === 0) return null;
  return { median: median(known), least: Math.min(...known), most: Math.max(...known) };
}

export const numeral = (number) => Math.round(number).toLocaleString('en');
