import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createLog } from '../../../src/log.js';
import { formatApplied } from '../../../src/output/apply-text.js';
import { formatList } from '../../../src/output/list.js';
import { planAnnotations } from '../../../src/output/plan-github.js';
import { formatPlan } from '../../../src/output/plan-text.js';
import { discoveredManifest } from '../../../src/plan/discovered.js';
import { makePlan } from '../../../src/plan/plan.js';
import { readSettingsFile } from '../../../src/settings/file.js';
import { printableJson } from '../../../src/text/printable.js';
import { anEntry, aState } from '../../helpers/state.js';

/** Clears the screen, in 7 and in 8 bits, turns text around, rings, forges a line, and gives orders to a CI log. */
const EVIL =
  'a\u001b[2J\u009b31m\u202e\u0007\r\n ::add-mask::b ##[add-path]c ##vso[task.setvariable variable=d]e ##teamcity[f]';
const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|##\w*\[|^\s*::[a-z]/iu;

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
    ['list', formatList(state, { color: false, file: 'f' }), 3],
    ['a plan', formatPlan(changes, { color: false }), 4],
    ['annotations', planAnnotations(changes, { unread: 0 }), 3],
    [
      'what was applied',
      formatApplied(
        changes.map((change) => ({ change, result: 'done', id: 5, error: null })),
        { color: false },
      ),
      3,
    ],
  ])('is shown as harmless characters in %s', (_where, text, lines) => {
    expect(text).toContain('␛[2J');
    expect(linesOf(text)).toHaveLength(lines);
    for (const line of linesOf(text)) expect(line.replace(/^::notice /, '')).not.toMatch(HARMFUL);
  });

  it.each(['json', 'pretty'] as const)('is harmless in a log in the form %s', async (format) => {
    const parts: string[] = [];
    const write = (text: string) => void parts.push(text);
    const sink = { write, offer: write, isTTY: false };
    const log = createLog({ level: 'info', format, color: false, sink, redact: (text) => text });
    log.info({ name: EVIL, list: [{ [EVIL]: EVIL }] }, EVIL);
    const written = parts.join('');
    expect(written).toContain('[2J');
    for (const line of linesOf(written)) expect(line).not.toMatch(HARMFUL);
  });

  it('is harmless in the manifest that `discover` prints, and is read back as it was', () => {
    const webhook = { ...spec, callers: [], database: undefined, collection: undefined };
    const named = { name: 'c', shown: EVIL, line: 1, column: 1, frame: EVIL };
    const mayBe = [{ name: 'c', spec: { ...spec, database: named }, file: EVIL, line: 1, column: 1 }];
    const unknown = { scopeUnknown: true, mayBe };
    const found = [
      { name: EVIL, id: 5, webhook: { ...webhook, id: 5 }, known: true, equalTo: null, ...unknown },
      { name: 'b', id: 6, webhook: { ...webhook, id: 6 }, known: false, equalTo: { name: EVIL, id: 5 }, ...unknown },
    ];
    const text = discoveredManifest(found);
    for (const line of linesOf(text)) expect(line).not.toMatch(HARMFUL);
    expect(parse(text)).toEqual({ webhooks: [{ name: EVIL, handler: spec.handler, trigger: 'create' }] });
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
