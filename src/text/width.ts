import widthOf from 'fast-string-width';

/** How many columns of a terminal the text takes. */
export function columns(text: string): number {
  return widthOf(text);
}

/** The text, followed by spaces up to this many columns. */
export function padColumns(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}

/** The text, cut with a sign if it does not fit into this many columns. */
export function cutColumns(text: string, width: number): string {
  const longest = text.slice(0, 4 * width);
  if (text === longest && columns(text) <= width) return text;
  let kept = '';
  let taken = 0;
  for (const character of longest) {
    taken += columns(character);
    if (taken >= width) break;
    kept += character;
  }
  return `${kept}…`;
}
