import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, join } from 'node:path';

/** A place in a stack: a file of the bundle by the name that the loader gives it, line and column. */
const PLACE = /(dist\/[^\s():]+\.js):(\d+):(\d+)/g;

/**
 * The stack of a defect with the files and lines of src/ in place of the bundle's, where a map tells them: whoever
 * mends it has no bundle. `root` is the folder that dist/ is in.
 */
export function readableStack(stack: string, root: string): string {
  return stack.replace(PLACE, (place, file: string, line: string, column: string) => {
    const entry = mapOf(join(root, file))?.findEntry(Number(line) - 1, Number(column) - 1);
    if (entry === undefined || !('originalSource' in entry)) return place;
    const source = join(dirname(file), entry.originalSource);
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}

function mapOf(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')));
  } catch {
    return undefined;
  }
}
