/** Line and column, from 1. A column is one UTF-16 code unit, as editors and GitHub count. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface LineIndex {
  placeOf(offset: number): Place;
  /** Text of a line, without its line end. */
  lineText(line: number): string;
}

/** Finds the place of an offset in the text in logarithmic time. YAML 1.2 ends lines by LF or CR LF. */
export function indexLines(text: string): LineIndex {
  const starts = [0];
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  const startOf = (line: number) => starts[line - 1] ?? text.length;
  return {
    placeOf(offset) {
      let low = 1;
      let high = starts.length;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (startOf(middle) <= offset) low = middle;
        else high = middle - 1;
      }
      return { line: low, column: offset - startOf(low) + 1 };
    },
    lineText(line) {
      return text.slice(startOf(line), startOf(line + 1)).replace(/\r?\n$/, '');
    },
  };
}
