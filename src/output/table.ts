import { columns } from '../text/width.js';

/** Texts of up to `least` columns always fit; longer ones than `most` only if that is usual. */
const FITS = { least: 32, most: 40 } as const;
/** A text of more than this many times the usual length does not widen its column. */
const MUCH_LONGER = 2;

/**
 * The width of a column: that of its longest text, ignoring texts much longer than usual, which need more room only in
 * their own line.
 */
export function columnWidth(texts: readonly string[]): number {
  const widths = texts.map(columns).sort((a, b) => a - b);
  const usual = widths[Math.floor((widths.length - 1) / 2)] ?? 0;
  const limit = Math.max(usual, Math.min(FITS.most, Math.max(FITS.least, MUCH_LONGER * usual)));
  return widths.findLast((width) => width <= limit) ?? 0;
}
