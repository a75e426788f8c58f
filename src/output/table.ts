import { columns } from '../text/width.js';

/** Texts of `least` columns always fit; longer than `most` only where that is usual. */
const FITS = { least: 32, most: 40 } as const;
/** A text of more than this many times the usual length pads no other. */
const MUCH_LONGER = 2;

/**
 * How wide a column is: as its longest text, but for those that are much longer than the usual one, which take more
 * room in their own line alone.
 */
export function columnWidth(texts: readonly string[]): number {
  const widths = texts.map(columns).sort((a, b) => a - b);
  const usual = widths[Math.floor((widths.length - 1) / 2)] ?? 0;
  const limit = Math.max(usual, Math.min(FITS.most, Math.max(FITS.least, MUCH_LONGER * usual)));
  return widths.findLast((width) => width <= limit) ?? 0;
}
