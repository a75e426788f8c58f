import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../../src/error-codes.js';
import { EXIT } from '../../../src/output/exit-code.js';

const root = new URL('../../../', import.meta.url);
const page = readFileSync(new URL('docs/errors.md', root), 'utf8');
const CODES: readonly string[] = Object.values(ERROR_CODES).flat();

/** The text below the heading of each code. */
const explained = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const [code = '', ...rest] = section.split(/^## /m, 1)[0]?.split('\n') ?? [];
      return [code, rest.join('\n').trim()] as const;
    }),
);

const BEGINNING: Readonly<Record<keyof typeof ERROR_CODES, string>> = {
  input: `Exit code ${EXIT.input}. `,
  refused: `Exit code ${EXIT.refused}. `,
  failed: `Exit code ${EXIT.failed}. `,
  warning: 'Warning. ',
  notice: 'Notice. ',
  doctor: '',
};

const sources = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && path !== 'error-codes.ts')
  .map((path) => readFileSync(new URL(`src/${path}`, root), 'utf8'))
  .join('\n');

/** What codes begin with that are put together: `api-` and the kind of failure, `doctor-` and the check. */
const prefixes = new Set([...sources.matchAll(/`([a-z-]+-)\$\{/g)].map(([, prefix = '']) => prefix));

function isUsed(code: string): boolean {
  if (sources.includes(`'${code}'`)) return true;
  return [...prefixes].some(
    (prefix) => code.startsWith(prefix) && new RegExp(`['\\s]${code.slice(prefix.length)}['":]`).test(sources),
  );
}

describe('docs/errors.md', () => {
  it('explains each code, and nothing that is not one', () => {
    expect([...explained.keys()].sort()).toEqual([...CODES].sort());
  });

  it.each(Object.entries(ERROR_CODES))('says of each code of the kind %s how it ends the program', (kind, codes) => {
    const beginning = BEGINNING[kind as keyof typeof ERROR_CODES];
    expect(codes.filter((code) => explained.get(code)?.startsWith(beginning) !== true)).toEqual([]);
  });

  it('says of each what it means and what to do; doctor prints the latter with each finding', () => {
    const paragraphs = (code: string) => explained.get(code)?.split('\n\n').length;
    const wanted = (code: string) => (code.startsWith('doctor-') ? 1 : 2);
    expect(CODES.filter((code) => paragraphs(code) !== wanted(code))).toEqual([]);
  });
});

describe('the codes', () => {
  // That the program has no others is checked by the compiler: see `ProblemCode`.
  it('are all used by the program', () => {
    expect(CODES.filter((code) => !isUsed(code))).toEqual([]);
  });

  it('are each there once, in kebab case', () => {
    expect(new Set(CODES).size).toBe(CODES.length);
    expect(CODES.filter((code) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(code))).toEqual([]);
  });
});
