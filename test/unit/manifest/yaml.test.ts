// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import { describe, expect, it } from 'vitest';
import { boundsProblem } from '../../../src/manifest/bounds.js';
import { NIGHT } from '../../helpers/night.js';
import { entriesOf, found, manifest, parse, problemsOf, specsOf } from './manifests.js';

const base = (more: string) => `x-base: &base
  handler: https://example.com/base
  trigger: open
  database: 7
webhooks:
${more}`;

describe('anchors, aliases and merge keys', () => {
  it('merge a mapping, and let an entry’s own fields go first', () => {
    const text = base('  - <<: *base\n    name: a\n  - name: b\n    trigger: click\n    <<: *base\n');
    expect(specsOf(text)).toEqual({
      a: { handler: 'https://example.com/base', trigger: 'open', database: 7 },
      b: { handler: 'https://example.com/base', trigger: 'click', database: 7 },
    });
  });

  it('merge several mappings, the earlier first', () => {
    const text = base('  - {name: a, <<: [{trigger: bounce}, *base, {collection: 3}]}\n');
    expect(specsOf(text).a).toEqual({
      handler: 'https://example.com/base',
      trigger: 'bounce',
      database: 7,
      collection: 3,
    });
  });

  it('merge what was merged', () => {
    const text = 'x-a: &a {trigger: open}\nx-b: &b {<<: *a, handler: "https://e.com"}\n';
    expect(specsOf(`${text}webhooks: [{name: a, <<: *b}]`).a).toEqual({ handler: 'https://e.com', trigger: 'open' });
  });

  it('stand for values and lists', () => {
    const text = base(
      '  - {name: a, handler: &h "https://e.com/h", trigger: open, callers: &c [ms]}\n  - {name: b, handler: *h, trigger: click, callers: *c}\n',
    );
    expect(specsOf(text).b).toEqual({ handler: 'https://e.com/h', trigger: 'click', callers: ['ms'] });
  });

  it('mean the last anchor of that name before them', () => {
    const text = `x-a: [&h https://e.com/1, &h https://e.com/2]\n${manifest({ handler: '*h' })}x-b: &h https://e.com/3\n`;
    expect(specsOf(text).a?.handler).toBe('https://e.com/2');
  });

  it('work 300 times', () => {
    const entries = Array.from(
      { length: 300 },
      (_, index) => `  - {<<: *base, name: n${index}, database: ${index + 1}}\n`,
    );
    expect(entriesOf(base(entries.join('')))).toHaveLength(300);
  });

  it('place an entry that is an alias where the alias stands', () => {
    const text = 'x-e: &e {name: a, handler: "https://e.com", trigger: open}\nwebhooks:\n  - *e\n';
    expect(entriesOf(text)).toMatchObject([{ name: 'a', line: 3, column: 5 }]);
  });

  it('tell a mistake behind an anchor once, where it is written', () => {
    const text = 'x-base: &base {trigger: opne}\nwebhooks:\n'.concat(
      '  - {<<: *base, name: a, handler: "https://e.com/a"}\n  - {<<: *base, name: b, handler: "https://e.com/b"}\n',
    );
    expect(found(text)).toEqual(['1:25 bad-trigger']);
  });

  it.each([
    ['an unknown alias', 'webhooks:\n  - *nothing\n', ['2:5 unknown-alias']],
    ['an alias before its anchor', manifest({ handler: '*h' }, 'callers: &h [ms]'), ['3:14 unknown-alias']],
    ['a list within itself', 'webhooks: &a [*a]\n', ['1:15 endless-alias']],
    [
      'a mapping within itself',
      'webhooks:\n  - &a\n    name: *a\n',
      ['3:11 endless-alias', '3:11 missing-field', '3:11 missing-field'],
    ],
    [
      'a mapping merged into itself',
      'webhooks:\n  - &a\n    <<: *a\n    name: a\n',
      ['3:9 endless-alias', '4:11 missing-field', '4:11 missing-field'],
    ],
    ['a merged word', manifest({}, '<<: word'), ['5:9 bad-merge']],
    ['a merged list of words', manifest({}, '<<: [word]'), ['5:10 bad-merge']],
    ['two merge keys', base('  - name: a\n    <<: *base\n    <<: *base\n'), ['8:5 duplicate-key']],
    [
      'a quoted merge key',
      base('  - name: a\n    handler: https://e.com\n    trigger: open\n    "<<": *base\n'),
      ['9:5 unknown-field'],
    ],
  ])('refuse %s', (_what, text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it('suggest the anchor that was meant', () => {
    expect(problemsOf('x-a: &defaults {}\nwebhooks:\n  - *defualts\n')[0]?.remedy).toBe('did you mean *defaults?');
  });
});

describe('alias bombs', () => {
  const levels = (item: (below: string) => string) =>
    [
      'x-bomb:',
      '  - &a0 {a: lol}',
      ...Array.from({ length: 40 }, (_, index) => `  - &a${index + 1} ${item(`*a${index}`)}`),
    ].join('\n');

  it.each([
    ['a billion laughs', (below: string) => `[${below}, ${below}, ${below}, ${below}]`, 12],
    ['a billion merges', (below: string) => `{<<: [${below}, ${below}, ${below}]}`, 14],
    ['a billion keys', (below: string) => `{a: ${below}, b: ${below}, c: ${below}}`, 14],
  ])('%s are refused at the alias that is too much', (_what, item, line) => {
    const problems = problemsOf(`${levels(item)}\nwebhooks: [*a40]\n`);
    expect(problems).toMatchObject([{ code: 'alias-bomb' }]);
    expect(Math.abs((problems[0]?.line ?? 0) - line)).toBeLessThanOrEqual(1);
  });

  it('made of 2,000 small aliases are only 2,000 values', () => {
    const text = `x-a: &a x\nx-b:\n${'  - *a\n'.repeat(2_000)}webhooks: []\n`;
    expect(parse(text).ok).toBe(true);
  });
});

describe('YAML that is refused', () => {
  it.each([
    ['a tag of another language', 'x-a: !!js/function "x"\nwebhooks: []', '1:6 unsupported-tag'],
    ['a binary', 'x-a: !!binary aGk=\nwebhooks: []', '1:6 unsupported-tag'],
    ['a set', 'x-a: !!set {a, b}\nwebhooks: []', '1:6 unsupported-tag'],
    ['an ordered mapping', 'x-a: !!omap [a: 1]\nwebhooks: []', '1:6 unsupported-tag'],
    ['a time', manifest({ name: '!!timestamp 2026-01-01' }), '2:11 unsupported-tag'],
    ['a tag of one’s own', manifest({ handler: '!secret https://e.com' }), '3:14 unsupported-tag'],
    ['a long tag', manifest({ handler: '!<tag:example.com,2026:x> https://e.com' }), '3:14 unsupported-tag'],
    ['a tag that does not fit its value', manifest({}, 'database: !!int x'), '5:15 unsupported-tag'],
    ['YAML 1.1', `%YAML 1.1\n---\n${manifest({})}`, '1:1 unsupported-directive'],
    ['a tag directive', `%TAG !! tag:example.com,2026:\n---\n${manifest({})}`, '1:1 unsupported-directive'],
    ['a future YAML', `%YAML 2.0\n---\n${manifest({})}`, '1:1 unsupported-directive'],
    ['a second document', `${manifest({})}---\nwebhooks: []\n`, '5:1 several-documents'],
    ['a second document after an end', `${manifest({})}...\nwebhooks: []\n`, '6:1 several-documents'],
    ['a field twice', manifest({}, 'trigger: open'), '5:5 duplicate-key'],
    ['a field twice, once in quotes', manifest({}, '"trigger": open'), '5:5 duplicate-key'],
    ['webhooks twice', 'webhooks: []\nwebhooks: []\n', '2:1 duplicate-key'],
    ['a field twice where nobody reads it', 'x-a: {b: 1, b: 2}\nwebhooks: []', '1:13 duplicate-key'],
    ['a tab for indentation', 'webhooks:\n\t- name: a\n', '2:1 yaml-syntax'],
    ['an unclosed quote', manifest({ handler: '"https://e.com' }), '3:14 yaml-syntax'],
    ['an unclosed bracket', manifest({}, 'callers: [ms'), '6:1 yaml-syntax'],
    ['a colon in a value', manifest({ handler: 'a: b' }), '3:14 yaml-syntax'],
    ['a reserved character', manifest({ trigger: '@create' }), '4:14 yaml-syntax'],
    ['a NUL', manifest({ trigger: 'cre\0ate' }), '4:17 control-character'],
    ['a terminal escape', `# \u001b[2J\n${manifest({})}`, '1:3 control-character'],
    ['half a surrogate pair', manifest({ name: 'a\ud800' }), '2:12 control-character'],
  ])('%s', (_what, text, expected) => {
    expect(found(text)).toEqual([expected]);
    expect(parse(text).ok).toBe(false);
  });

  it('shows both places of a field that stands twice', () => {
    expect(problemsOf(manifest({}, 'trigger: open'))[0]?.message).toContain('first at webhooks.yaml:4:5');
  });

  it('says why a variable in brackets is no YAML', () => {
    const text = manifest({}, 'callers: [${WEBHOOKS_A}, ${WEBHOOKS_B}]');
    expect(problemsOf(text)).toMatchObject([
      { code: 'yaml-syntax', line: 5, remedy: expect.stringContaining('in quotes') },
    ]);
    expect(
      specsOf(manifest({}, 'callers: ["${WEBHOOKS_A}", "${WEBHOOKS_B}"]'), {
        WEBHOOKS_A: 'ms',
        WEBHOOKS_B: 'publisher',
      }).a?.callers,
    ).toEqual(['ms', 'publisher']);
  });

  it('keeps words that YAML 1.1 takes for truth values', () => {
    expect(specsOf(manifest({ name: 'on' }))).toHaveProperty('on');
    expect(specsOf(manifest({ name: 'no' }))).toHaveProperty('no');
  });
});

describe('wrong indentation', () => {
  const entry = ['  - name: a', '    handler: https://e.com', '    trigger: open', '    callers:', '      - ms'];
  const lines = (...more: readonly string[]) => `webhooks:\n${[...entry, ...more].join('\n')}\n`;

  it.each([
    ['too deep', lines('  - name: b', '      handler: x', '    trigger: y'), '8:7', 7, 5],
    ['too deep by one', lines('  - name: b', '    handler: x', '     trigger: y'), '9:6', 6, 5],
    ['not deep enough', lines('  - name: b', '   handler: x', '    trigger: y'), '8:4', 4, 5],
    ['a dash too deep', lines('   - name: b', '     handler: x'), '7:4', 4, 3],
    ['a dash not deep enough', lines(' - name: b', '   handler: x'), '7:2', 2, 3],
    ['a dash in a list', lines('     - publisher'), '7:6', 6, 7],
  ])('is told at its line, with the column of those beside it: %s', (_what, text, place, column, beside) => {
    const [problem, ...others] = problemsOf(text);
    expect(others).toEqual([]);
    expect(`${problem?.line}:${problem?.column}`).toBe(place);
    expect(problem).toMatchObject({
      code: 'yaml-syntax',
      message: `wrong indentation: this line starts in column ${column}, the lines beside it in column ${beside}`,
      remedy: `start it in column ${beside}`,
    });
  });

  it.each([
    ['no colon', manifest({}, 'callers', 'database: 1'), 'the name of this field has no colon with a space after it'],
    ['no space', manifest({}, 'database:1', 'x: 1'), 'the name of this field has no colon with a space after it'],
    ['two colons', manifest({ handler: 'a: b' }), 'a second ": " in one line'],
  ])('is not what is told where there is none: %s', (_what, text, message) => {
    expect(problemsOf(text)[0]).toMatchObject({ code: 'yaml-syntax', message });
  });
});

describe('a syntax error', () => {
  it('is told alone, since nothing is known to be what it seems then', () => {
    expect(found(manifest({ name: 'a b', handler: '@x', trigger: 'z' }))).toEqual(['3:14 yaml-syntax']);
    const text = 'webhooks:\n  - name: c c\n  - name: d\n    name: d\n   handler: x\n  - name: e e\n';
    expect(found(text)).toEqual(['5:4 yaml-syntax']);
  });

  it('is not what a tag is: that leaves the shape alone and hides nothing', () => {
    const text = manifest({ name: 'a b', trigger: 'z' }, 'callers: !x [ms]');
    expect(found(text)).toEqual(['2:11 bad-name', '4:14 bad-trigger', '5:14 unsupported-tag']);
  });
});

describe('what would cost too much', () => {
  it.each([
    ['10,000 open brackets', '['.repeat(10_000)],
    ['a million open brackets', '['.repeat(1_000_000)],
    ['10,000 open braces', '{a: '.repeat(10_000)],
    ['closed brackets', '['.repeat(10_000) + ']'.repeat(10_000)],
    ['10,000 dashes', '- '.repeat(10_000)],
    ['10,000 question marks', '? '.repeat(10_000)],
    ['10,000 colons', ': '.repeat(10_000)],
    ['stairs', Array.from({ length: 500 }, (_, index) => `${' '.repeat(index)}a:`).join('\n')],
  ])('%s are refused for their depth', (_what, text) => {
    expect(problemsOf(text)).toMatchObject([{ code: 'too-complex', message: 'nested more than 50 levels deep' }]);
  });

  it('a text of more words and marks than the limit is refused for that', () => {
    const limits = { lexemes: 1_000, aliases: 100, nestingLevels: 50 };
    expect(boundsProblem(`webhooks: [${'a,'.repeat(1_000)}]`, limits)).toMatchObject({
      code: 'too-complex',
      message: 'more than 1000 words and marks',
    });
    expect(boundsProblem('- *a\n'.repeat(101), limits)).toMatchObject({ message: 'more than 100 aliases' });
  });

  it.each([
    ['escapes', `webhooks: "${'\\x'.repeat(1_100)}"`, 1_001],
    ['tags', `webhooks:\n${'- !x y\n'.repeat(1_100)}`, 1_001],
    ['control characters', '\0'.repeat(200_000), 1],
    ['directives', '%X\n'.repeat(1_100), 1],
    ['documents', `webhooks: []\n${'--- a\n'.repeat(1_100)}`, 1],
    ['entries', `webhooks:\n${'- {}\n'.repeat(1_100)}`, 1_001],
    ['aliases', `webhooks:\n${'- *a\n'.repeat(1_100)}`, 1_001],
    ['callers', `webhooks:\n- callers: [${'mx,'.repeat(1_100)}]\n`, 1_001],
  ])('a text of bad %s ends in a bounded list of problems', (_what, text, most) => {
    const parsed = parse(text);
    expect(parsed.ok).toBe(false);
    expect(parsed.ok ? 0 : parsed.problems.length).toBeLessThanOrEqual(most);
  });

  it('says that there are more problems than it shows', () => {
    const problems = problemsOf(`webhooks:\n${'- 5\n'.repeat(1_001)}`);
    expect(problems).toHaveLength(1_001);
    expect(problems.at(-1)).toMatchObject({ code: 'more-problems', file: 'webhooks.yaml' });
  });

  it('never lets warnings take the place of an error', () => {
    const entry = (index: number) => `- {name: n${index}, handler: "http://e.com/${index}", trigger: open}\n`;
    expect(parse(`webhooks:\n${entry(0)}`)).toMatchObject({ ok: true, warnings: [{ severity: 'warning' }] });
    const entries = Array.from({ length: 1_100 }, (_, index) => entry(index)).join('');
    expect(parse(`webhooks:\n${entries}- 5\n`)).toMatchObject({ ok: false });
  });

  it('is not: many entries of six fields, with comments', () => {
    const many = NIGHT ? 10_000 : 300;
    const entry = (index: number) =>
      [
        `  # what entry ${index} is for`,
        `  - name: crm-profile-created-${index}  # a comment`,
        `    handler: https://my-webhook-url.com/${index}`,
        '    trigger: create',
        '    callers: [ms, publisher]',
        `    database: ${index + 1}`,
        '    collection: 42',
        '',
        '',
      ].join('\n');
    const text = `webhooks:\n${Array.from({ length: many }, (_, index) => entry(index)).join('')}`;
    expect(entriesOf(text)).toHaveLength(many);
  });

  it('is not: 2,000 fields in one mapping', () => {
    const fields = Array.from({ length: 2_000 }, (_, index) => `  key${index}: 1\n`).join('');
    expect(found(`x-many:\n${fields}webhooks: []\n`)).toEqual([]);
    expect(found(`x-many:\n${fields}  key0: 2\nwebhooks: []\n`)).toEqual(['2002:3 duplicate-key']);
  });
});
