import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ManifestLoader } from '../../src/manifest/load.js';
import { formatList } from '../../src/output/list.js';
import { formatProblem } from '../../src/output/problems.js';
import { parseJournal } from '../../src/state/file/parse.js';
import { resolveTexts } from '../helpers/settings.js';

/**
 * Plays what was found hard: each file of this folder with what it must come to. A new case is a file and a line here;
 * a file without a line, or a line without a file, fails.
 */
const TOKEN = 'token-of-an-account';

const MANIFESTS: Readonly<Record<string, string>> = {
  'alias-bomb.yaml': 'alias-bomb',
  'credential.yaml': 'foreign-variable credential-variable',
  'deep.yaml': 'too-complex',
  'endless-alias.yaml': 'endless-alias missing-field',
  'escapes.yaml': 'bad-name bad-handler bad-trigger',
  'every-style.yaml': '2 entries',
  'long-list.yaml': '6 entries',
  'merge-and-override.yaml': '2 entries',
  'not-utf8.yaml': 'not-utf8',
  'proto.yaml': 'unknown-field',
  'reference-in-flow.yaml': 'yaml-syntax',
  'shared-reference.yaml': '40 entries',
  'tabs-and-cr.yaml': 'yaml-syntax',
  'two-documents.yaml': 'several-documents',
  'utf16.yaml': 'not-utf8',
};

const SETTINGS: Readonly<Record<string, string>> = {
  'aliases.yaml': '3 settings-syntax',
  'deep.yaml': '1 settings-syntax',
  'escapes.yaml': '1 unknown-setting, 3 bad-account-name, 2 bad-setting',
  'long-syntax-error.yaml': '1 settings-syntax',
  'long-value.yaml': '1 bad-setting',
  'not-a-mapping.yaml': '1 settings-shape',
  'token-in-wrong-place.yaml': '2 account-token',
  'twice.yaml': '3 settings-syntax, 4 settings-syntax',
};

const STATES: Readonly<Record<string, string>> = {
  'crlf.jsonl': 'damaged at byte 0, line 1',
  'escapes.jsonl': '1 entries, 0 bytes torn',
  'flipped.jsonl': 'damaged at byte 101, line 2',
  'future.jsonl': 'version 3',
  'json-but-no-state.jsonl': 'damaged at byte 0, line 1',
  'line-missing.jsonl': 'damaged at byte 101, line 2',
  'line-twice.jsonl': 'damaged at byte 353, line 4',
  'torn.jsonl': '1 entries, 20 bytes torn',
  'two-entries-one-id.jsonl': 'damaged at byte 518, line 5',
  'utf16.jsonl': 'damaged at byte 0, line 1',
  'whole.jsonl': '2 entries, 0 bytes torn',
};

function pathOf(kind: string, name: string): string {
  return fileURLToPath(new URL(`${kind}/${name}`, import.meta.url));
}

function namesIn(kind: string): string[] {
  return readdirSync(pathOf(kind, '')).sort();
}

async function playManifest(name: string): Promise<string> {
  const env = { COPERNICA_ACCESS_TOKEN: TOKEN, WEBHOOKS_COPY: TOKEN };
  const hidden = { variables: new Set<string>(), values: [TOKEN] };
  const result = new ManifestLoader(pathOf('manifest', name), env, hidden).read();
  const problems = result.ok ? result.warnings : result.problems;
  const shown = problems.map((problem) => formatProblem(problem, { color: false })).join('');
  expect(shown.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(JSON.stringify(result)).not.toContain(TOKEN);
  if (result.ok) return `${result.entries.length} entries`;
  return [...new Set(result.problems.map(({ code }) => code))].join(' ');
}

function playSettings(name: string): string {
  const text = readFileSync(pathOf('settings', name), 'utf8');
  const { problems } = resolveTexts({ file: text, path: name });
  const shown = problems.map((problem) => formatProblem(problem, { color: false })).join('');
  expect(shown.length).toBeLessThan(2_000);
  expect(shown.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(shown).not.toContain(TOKEN);
  return problems.map(({ code, line }) => `${line} ${code}`).join(', ');
}

function playState(name: string): string {
  const reading = parseJournal(readFileSync(pathOf('state', name)));
  switch (reading.kind) {
    case 'journal': {
      const shown = formatList(reading.state, { color: false, file: name });
      expect(shown.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      return `${reading.state.entries.size} entries, ${reading.tornBytes} bytes torn`;
    }
    case 'damaged':
      return `damaged at byte ${reading.offset}, line ${reading.line}`;
    case 'newer':
      return `version ${reading.version}`;
    case 'empty':
      return 'empty';
  }
}

describe.each([
  ['manifest', MANIFESTS, playManifest],
  ['settings', SETTINGS, playSettings],
  ['state', STATES, playState],
] as const)('the corpus of hostile input: %s', (kind, expected, play) => {
  it('is all here', () => {
    expect(namesIn(kind)).toEqual(Object.keys(expected).sort());
  });

  it.each(namesIn(kind))('%s comes to what it did', async (name) => {
    expect(await play(name)).toBe(expected[name]);
  });
});
