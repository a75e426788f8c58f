import { readFileSync } from 'node:fs';

/** A page of `docs/`, and what its samples show. */
export function readPage(name: string): string {
  return readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
}

/** The text below a heading of the second level, up to the next one. Throws where there is none. */
export function sectionOf(page: string, heading: string): string {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`no heading ${heading}`);
  return section.slice(heading.length + 1);
}

/** Blocks of code in a language, in order. */
export function blocksOf(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, of, block = '']) =>
    of === language ? [block] : [],
  );
}

export interface Step {
  readonly command: string;
  readonly output: string;
}

/** Commands with what they print, in order: lines that begin with `$` in blocks of `console`. */
export function stepsOf(text: string): Step[] {
  return blocksOf(text, 'console').flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((step) => {
        const [command = '', ...lines] = step.split('\n');
        return { command, output: lines.join('\n').trimEnd() };
      }),
  );
}

export interface Row {
  /** What stands as code in the first cell. */
  readonly names: readonly string[];
  /** The other cells. */
  readonly text: string;
}

/** The rows of the tables in a text that begin with something in the font of code. */
export function rowsOf(text: string): Row[] {
  return [...text.matchAll(/^\| (`[^|]*`) \|(.*)\|$/gm)].map(([, first = '', rest = '']) => ({
    names: [...first.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    text: rest,
  }));
}
