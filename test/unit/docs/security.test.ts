import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/manifest/limits.js';
import { SETTINGS_LIMITS } from '../../../src/settings/file.js';

const root = new URL('../../../', import.meta.url);
const text = readFileSync(new URL('docs/security.md', root), 'utf8');

/** The cells of a row of the table of limits. */
function limitsOf(row: string): string[] {
  const line = text.split('\n').find((candidate) => candidate.startsWith(`| ${row} |`)) ?? '';
  return line.split('|').flatMap((cell) => /^ ([\d,]+)/.exec(cell)?.[1]?.replaceAll(',', '') ?? []);
}

describe('docs/security.md', () => {
  it('names tests that exist', () => {
    const named = [...new Set([...text.matchAll(/`(test\/[^`]+\.test\.ts)`/g)].map(([, path = '']) => path))];
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
  });

  it('has a test beside each claim', () => {
    const tables = text.split(/\n\n/).filter((block) => /^\|.*\| Test \|\n/.test(block));
    const claims = tables.flatMap((table) => table.trimEnd().split('\n').slice(2));
    expect(claims.length).toBeGreaterThan(25);
    expect(claims.filter((line) => !/\.test\.ts`[^|]*\|$/.test(line))).toEqual([]);
  });

  it('names what looks at the image', () => {
    expect(text).toContain('`test/image/run.sh`');
    expect(existsSync(new URL('test/image/run.sh', root))).toBe(true);
  });

  it('tells the limits as they are', () => {
    expect(limitsOf('words and marks of YAML')).toEqual([`${LIMITS.lexemes}`, `${SETTINGS_LIMITS.lexemes}`]);
    expect(limitsOf('aliases')).toEqual([`${LIMITS.aliases}`, `${SETTINGS_LIMITS.aliases}`]);
    expect(limitsOf('levels')).toEqual([`${LIMITS.nestingLevels}`, `${SETTINGS_LIMITS.nestingLevels}`]);
    expect(limitsOf('values with all aliases written out')).toEqual([
      `${LIMITS.expandedNodes}`,
      `${LIMITS.expandedNodes}`,
    ]);
    expect(limitsOf('characters of a value with variables')).toEqual([`${LIMITS.filledInChars}`]);
    expect(limitsOf('problems shown')).toEqual([`${LIMITS.problems}`, `${LIMITS.problems}`]);
  });
});
