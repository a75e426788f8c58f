import { describe, expect, it } from 'vitest';
import { createLog } from '../../../src/log.js';
import { printableJson } from '../../../src/manifest/printable.js';
import { formatApplied } from '../../../src/output/apply-text.js';
import { formatList } from '../../../src/output/list.js';
import { planAnnotations } from '../../../src/output/plan-github.js';
import { formatPlan } from '../../../src/output/plan-text.js';
import { makePlan } from '../../../src/plan/plan.js';
import { readSettingsFile } from '../../../src/settings/file.js';
import { anEntry, aState } from '../../helpers/state.js';

/** Clears the screen, in 7 and in 8 bits, turns text around, rings, and forges a line. */
const EVIL = 'a\u001b[2J\u009b31m\u202e\u0007\r\nb';
const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

const spec = { handler: `x-${EVIL}`, trigger: 'create' } as const;
const state = aState({
  entries: [
    anEntry({ name: EVIL, id: 5, spec }),
    anEntry({ name: 'b', id: 6, spec: { ...spec, handler: 'https://h/\u009bm' } }),
  ],
});

/** Each line by itself: a forged one would be one too many. */
function linesOf(text: string): string[] {
  return text.replace(/\n$/, '').split('\n');
}

describe('a name or handler of a crafted state that would act on a terminal', () => {
  const changes = makePlan([], state, new Map(), { prune: true, onUncertain: 'recover' } as never).changes;

  it.each([
    ['list', formatList(state, { color: false, file: 'f' }), 2],
    ['a plan', formatPlan(changes, { color: false, file: 'f' }), 4],
    ['annotations', planAnnotations(changes, { file: 'f', unread: 0 }), 3],
    [
      'what was applied',
      formatApplied(
        changes.map((change) => ({ change, result: 'done', id: 5, error: null })),
        { color: false, target: 't' },
      ),
      3,
    ],
  ])('is shown as harmless characters in %s', (_where, text, lines) => {
    expect(text).toContain('␛[2J');
    expect(linesOf(text)).toHaveLength(lines);
    expect(linesOf(text).join('')).not.toMatch(HARMFUL);
  });

  it.each(['json', 'pretty'] as const)('is harmless in a log in the form %s', async (format) => {
    const parts: string[] = [];
    const write = (text: string) => void parts.push(text);
    const sink = { write, offer: write, isTTY: false };
    const log = await createLog({ level: 'info', format, color: false, sink, redact: (text) => text });
    log.info({ name: EVIL, list: [{ [EVIL]: EVIL }] }, EVIL);
    const written = parts.join('');
    expect(written).toContain('[2J');
    expect(written.replaceAll('\n', '')).not.toMatch(HARMFUL);
  });

  it('is escaped in JSON, and read back as it was', () => {
    const json = printableJson(JSON.stringify({ name: `${EVIL}\u{e0041}` }, null, 2));
    expect(json.replaceAll('\n', '')).not.toMatch(HARMFUL);
    expect(JSON.parse(json)).toEqual({ name: `${EVIL}\u{e0041}` });
  });
});

describe('settings that would act on a terminal', () => {
  it('are quoted as harmless characters', () => {
    const { problems } = readSettingsFile({ path: 'f', text: '"\\e[2J\\x9b": 1\naccounts: [{name: "\\e[2J"}]\n' });
    expect(problems).toHaveLength(2);
    expect(problems.map(({ message }) => message).join('')).not.toMatch(HARMFUL);
  });
});
