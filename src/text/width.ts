/** What terminals show two columns wide: East Asian wide and fullwidth characters, and emoji. */
const WIDE = new RegExp(
  [
    '[\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\ua4cf\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe30-\\ufe6f\\uff00-\\uff60',
    '\\uffe0-\\uffe6\\u{1f300}-\\u{1f64f}\\u{1f680}-\\u{1f6ff}\\u{1f900}-\\u{1f9ff}\\u{20000}-\\u{3fffd}]',
  ].join(''),
  'gu',
);
const COMBINING = /[\p{Mn}\p{Me}]/gu;

/** How many columns of a terminal the text takes. */
export function columns(text: string): number {
  return [...text.replace(COMBINING, '').replace(WIDE, '  ')].length;
}

/** The text with spaces after it, up to so many columns. */
export function padColumns(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}

/** The text, or as much of it as has room in so many columns with a sign that it was cut. */
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
