import type { Problem } from '../../../src/errors.js';
import { type Hidden, interpolator, NOTHING_HIDDEN } from '../../../src/manifest/interpolate.js';
import { joinFiles, type ParsedManifest, parseFile } from '../../../src/manifest/parse.js';

export type Env = Readonly<Record<string, string | undefined>>;

/** What a manifest of one file comes to. */
export function parse(text: string, env: Env = {}, hidden: Hidden = NOTHING_HIDDEN): ParsedManifest {
  return joinFiles([parseFile('webhooks.yaml', text, interpolator(env, hidden))]);
}

/** Everything found, in order. */
export function problemsOf(text: string, env: Env = {}): readonly Problem[] {
  const parsed = parse(text, env);
  return parsed.ok ? parsed.warnings : parsed.problems;
}

/** `3:14 bad-handler`, in order; warnings marked. */
export function found(text: string, env: Env = {}): string[] {
  return problemsOf(text, env).map(
    ({ line, column, code, severity }) => `${line}:${column} ${severity === 'warning' ? 'warning ' : ''}${code}`,
  );
}

/** The entries of a manifest that must be valid. */
export function entriesOf(text: string, env: Env = {}) {
  const parsed = parse(text, env);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems, null, 2));
  return parsed.entries;
}

/** Specs by name. */
export function specsOf(text: string, env: Env = {}) {
  return Object.fromEntries(entriesOf(text, env).map(({ name, spec }) => [name, spec]));
}

export interface Lines {
  readonly name?: string;
  readonly handler?: string;
  readonly trigger?: string;
}

/**
 * A manifest of one entry: name on line 2 (its value in column 11), handler on line 3 (column 14), trigger on line 4
 * (column 14), and each extra line from line 5 on (from column 5).
 */
export function manifest(values: Lines, ...extra: readonly string[]): string {
  const { name = 'a', handler = 'https://example.com/a', trigger = 'create' } = values;
  const lines = [`name: ${name}`, `handler: ${handler}`, `trigger: ${trigger}`, ...extra];
  return `webhooks:\n  - ${lines.join('\n    ')}\n`;
}
