// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${NAME} is the notation of the manifest.
import { describe, expect, it } from 'vitest';
import { entriesOf, found, manifest, parse, problemsOf, specsOf } from './manifests.js';

const SEED = `# yaml-language-server: $schema=./config/webhooks.schema.json
webhooks:
  - name: crm-profile-created            # the identity of the entry
    handler: https://my-webhook-url.com
    trigger: create
    callers: [ms, publisher]
    database: 1017
    collection: 42
`;

describe('a valid manifest', () => {
  it('gives each entry as the request that makes it, with the place of its name', () => {
    expect(parse(SEED)).toEqual({
      ok: true,
      files: 1,
      entries: [
        {
          name: 'crm-profile-created',
          spec: {
            handler: 'https://my-webhook-url.com',
            trigger: 'create',
            callers: ['ms', 'publisher'],
            database: 1017,
            collection: 42,
          },
          file: 'webhooks.yaml',
          line: 3,
          column: 11,
        },
      ],
      removed: [],
      warnings: [],
    });
  });

  it('carries each handler as the file writes it beside what it is', () => {
    const handler = '"https://${WEBHOOKS_HOST:-e.com}/\\u0061?key=${WEBHOOKS_KEY}&$${x}"';
    const [entry] = entriesOf(manifest({ handler }), { WEBHOOKS_KEY: 'hunter2' });
    expect(entry?.spec.handler).toBe('https://e.com/a?key=hunter2&${x}');
    expect(entry?.handlerAsWritten).toBe('https://${WEBHOOKS_HOST:-e.com}/a?key=${WEBHOOKS_KEY}&$${x}');
    const merged = 'x-a: &a {handler: &h "https://${WEBHOOKS_HOST}", trigger: open}\nwebhooks: [{<<: *a, name: a}]\n';
    expect(entriesOf(merged, { WEBHOOKS_HOST: 'e.com' })).toMatchObject([
      { handlerAsWritten: 'https://${WEBHOOKS_HOST}' },
    ]);
  });

  it('keeps the fields in the order of the vendor’s reference, however the file orders them', () => {
    const text =
      'webhooks: [{collection: 1, database: 2, callers: [ms], trigger: open, handler: "https://e.com", name: a}]';
    expect(Object.keys(specsOf(text).a ?? {})).toEqual(['handler', 'trigger', 'callers', 'database', 'collection']);
  });

  it.each([
    ['a quoted id', manifest({}, 'database: "1017"'), { database: 1017 }],
    ['a collection without a database', manifest({}, 'collection: 42'), { collection: 42 }],
    ['the largest id', manifest({}, 'database: 9007199254740991'), { database: 9007199254740991 }],
    ['callers in the file’s order', manifest({}, 'callers: [publisher, ms]'), { callers: ['publisher', 'ms'] }],
    ['a block list', manifest({}, 'callers:', '  - ms'), { callers: ['ms'] }],
    ['a tag that only says what the value is', manifest({}, 'database: !!int 1017'), { database: 1017 }],
    ['an upper-case scheme', manifest({ handler: 'HTTPS://Example.com' }), { handler: 'HTTPS://Example.com' }],
    ['an IPv6 host', manifest({ handler: '"https://[2a00::1]:8443/"' }), { handler: 'https://[2a00::1]:8443/' }],
    [
      'a folded handler',
      manifest({ handler: '>-' }, '').replace('>-\n', '>-\n      https://example.com/b\n'),
      { handler: 'https://example.com/b' },
    ],
  ])('takes %s', (_what, text, expected) => {
    expect(specsOf(text).a).toMatchObject(expected);
    expect(found(text)).toEqual([]);
  });

  it.each([
    ['a byte order mark', `\ufeff${SEED}`, 3, 11],
    ['CR LF line ends', SEED.replaceAll('\n', '\r\n'), 3, 11],
    ['a %YAML 1.2 directive', `%YAML 1.2\n---\n${SEED}`, 5, 11],
    ['a document end', `---\n${SEED}...\n`, 4, 11],
    ['no line end at the end', SEED.trimEnd(), 3, 11],
  ])('is read the same with %s', (_what, text, line, column) => {
    expect(entriesOf(text)).toMatchObject([{ spec: { database: 1017 }, line, column }]);
  });

  it('may be empty when it says so', () => {
    expect(entriesOf('webhooks: []\n')).toEqual([]);
  });

  it('may have names of 100 characters, of every kind that is allowed', () => {
    const name = `${'x'.repeat(94)}Az0._-`;
    expect(specsOf(manifest({ name }))).toHaveProperty([name]);
  });
});

describe('what is no manifest', () => {
  it.each([
    ['an empty file', '', '1:1 empty-manifest'],
    ['nothing but comments', '# webhooks\n', '1:1 empty-manifest'],
    ['an empty document', '---\n', '1:1 empty-manifest'],
    ['webhooks without a value', 'webhooks:\n', '1:1 empty-field'],
    ['webhooks: null', 'webhooks: null\n', '1:11 empty-field'],
    ['a list at the top', '- name: a\n', '1:1 bad-manifest'],
    ['a word', 'hello\n', '1:1 bad-manifest'],
    ['a mapping without webhooks', 'x-other: 1\n', '1:1 missing-field'],
    ['webhooks that is a mapping', 'webhooks:\n  a: {}\n', '2:3 bad-manifest'],
    ['webhooks that is a word', 'webhooks: none\n', '1:11 bad-manifest'],
    ['an empty item', 'webhooks:\n  -\n', '2:4 bad-entry'],
    ['an item that is a word', 'webhooks:\n  - a\n', '2:5 bad-entry'],
    ['an item that is a list', 'webhooks:\n  - [a]\n', '2:5 bad-entry'],
  ])('refuses %s', (_what, text, expected) => {
    expect(found(text)).toEqual([expected]);
    expect(parse(text).ok).toBe(false);
  });

  it.each([
    ['a list', '- s3cret: s3cret\n'],
    ['a word', 's3cret\n'],
    ['an environment', 'KEY=s3cret\0HOME=s3cret'],
    ['lines of an environment', 'KEY=s3cret\nHOME=s3cret\nX: s3cret: s3cret\n'],
    ['another mapping', 'accounts:\n  token: s3cret\ns3cret: [s3cret\n'],
    ['another mapping with tags and duplicates', 's3cret: !s3cret x\ns3cret: *s3cret\n'],
    ['what is no YAML', '@s3cret: "s3cret\n'],
    ['another directive', '%s3cret\n---\ns3cret\n'],
    ['deep brackets', `s3cret: ${'['.repeat(100)}`],
  ])('shows nothing of a file that is no manifest: %s', (_what, text) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ line: expect.any(Number), column: expect.any(Number) });
    expect(JSON.stringify(problems)).not.toMatch(/s3cret|KEY|HOME|frame/);
  });

  it('says how to write a manifest without webhooks, so that an emptied file is never taken for one', () => {
    expect(problemsOf('')[0]?.remedy).toContain('webhooks: []');
    expect(problemsOf('webhooks:')[0]?.remedy).toContain('webhooks: []');
  });

  it('takes a misspelt webhooks for that, and not for missing as well', () => {
    expect(problemsOf('webhoks: []')).toMatchObject([{ code: 'unknown-field', remedy: 'did you mean webhooks?' }]);
  });
});

describe('the rules of each field', () => {
  it.each([
    ['name: no value', manifest({ name: '' }), '2:5 empty-field'],
    ['name: empty', manifest({ name: '""' }), '2:11 bad-name'],
    ['name: a space', manifest({ name: 'a b' }), '2:11 bad-name'],
    ['name: a slash', manifest({ name: 'a/b' }), '2:11 bad-name'],
    ['name: another alphabet', manifest({ name: 'é' }), '2:11 bad-name'],
    ['name: 101 characters', manifest({ name: 'x'.repeat(101) }), '2:11 bad-name'],
    ['name: a number', manifest({ name: '2024' }), '2:11 bad-name'],
    ['name: a truth value', manifest({ name: 'true' }), '2:11 bad-name'],
    ['name: a line end after it', manifest({ name: '"a\\n"' }), '2:11 bad-name'],
    ['name: a list', manifest({ name: '[a]' }), '2:11 bad-name'],
    ['handler: no value', manifest({ handler: '' }), '3:5 empty-field'],
    ['handler: null', manifest({ handler: '~' }), '3:14 empty-field'],
    ['handler: empty', manifest({ handler: '""' }), '3:14 bad-handler'],
    ['handler: a number', manifest({ handler: '5' }), '3:14 bad-handler'],
    ['handler: a mapping', manifest({ handler: '{url: x}' }), '3:14 bad-handler'],
    ['handler: relative', manifest({ handler: '/hook' }), '3:14 bad-handler'],
    ['handler: without scheme', manifest({ handler: 'example.com/hook' }), '3:14 bad-handler'],
    ['handler: javascript', manifest({ handler: 'javascript:alert(1)' }), '3:14 bad-handler'],
    ['handler: ftp', manifest({ handler: 'ftp://example.com' }), '3:14 bad-handler'],
    ['handler: mailto', manifest({ handler: 'mailto:a@example.com' }), '3:14 bad-handler'],
    ['handler: a host for a scheme', manifest({ handler: 'example.com:8080/hook' }), '3:14 bad-handler'],
    ['handler: no host', manifest({ handler: 'https://' }), '3:14 bad-handler'],
    ['handler: a path for a host', manifest({ handler: 'https:///hook' }), '3:14 bad-handler'],
    ['handler: no slashes', manifest({ handler: 'https:example.com' }), '3:14 bad-handler'],
    ['handler: backslashes', manifest({ handler: 'https:\\\\example.com' }), '3:14 bad-handler'],
    ['handler: a backslash in its path', manifest({ handler: 'https://example.com\\hook' }), '3:14 bad-handler'],
    ['handler: a bad port', manifest({ handler: 'https://example.com:99999/' }), '3:14 bad-handler'],
    ['handler: a bad host', manifest({ handler: '"https://exa<mple.com/"' }), '3:14 bad-handler'],
    ['handler: a space', manifest({ handler: 'https://example.com/a b' }), '3:14 bad-handler'],
    ['handler: a tab', manifest({ handler: '"https://example.com/\\ta"' }), '3:14 bad-handler'],
    ['handler: a line end', manifest({ handler: '"https://example.com/\\na"' }), '3:14 bad-handler'],
    ['handler: an escape character', manifest({ handler: '"https://example.com/\\e[2J"' }), '3:14 bad-handler'],
    ['handler: 2,049 characters', manifest({ handler: `https://example.com/${'x'.repeat(2029)}` }), '3:14 bad-handler'],
    ['trigger: no value', manifest({ trigger: '' }), '4:5 empty-field'],
    ['trigger: unknown', manifest({ trigger: 'craete' }), '4:14 bad-trigger'],
    ['trigger: a list', manifest({ trigger: '[create]' }), '4:14 bad-trigger'],
    ['trigger: two in one text', manifest({ trigger: 'create, update' }), '4:14 bad-trigger'],
    ['handler: a zero-width space', manifest({ handler: 'https://example.com/\u200b' }), '3:14 bad-handler'],
    ['handler: a soft hyphen', manifest({ handler: 'https://exam\u00adple.com/' }), '3:14 bad-handler'],
    ['handler: text that turns around', manifest({ handler: 'https://example.com/\u202e' }), '3:14 bad-handler'],
    ['handler: a byte order mark', manifest({ handler: 'https://example.com/\ufeffa' }), '3:14 bad-handler'],
    ['handler: a filler', manifest({ handler: 'https://example.com/\u3164' }), '3:14 bad-handler'],
    ['name: a zero-width space', manifest({ name: 'a\u200bb' }), '2:11 bad-name'],
    ['database: a zero-width space', manifest({}, 'database: Cust\u200bomers'), '5:15 bad-id'],
    ['trigger: a number', manifest({ trigger: '1' }), '4:14 bad-trigger'],
    ['callers: no value', manifest({}, 'callers:'), '5:5 empty-field'],
    ['callers: empty', manifest({}, 'callers: []'), '5:14 bad-callers'],
    ['callers: a word', manifest({}, 'callers: ms'), '5:14 bad-callers'],
    ['callers: unknown', manifest({}, 'callers: [ms, publsher]'), '5:19 bad-caller'],
    ['callers: YAML 1.1’s truth value', manifest({}, 'callers: [on]'), '5:15 bad-caller'],
    ['callers: an empty item', manifest({}, 'callers:', '  - ms', '  -'), '7:8 bad-caller'],
    ['callers: a list in it', manifest({}, 'callers: [[ms]]'), '5:15 bad-caller'],
    ['callers: one twice', manifest({}, 'callers: [ms, ms]'), '5:14 bad-callers'],
    ['database: no value', manifest({}, 'database:'), '5:5 empty-field'],
    ['database: null', manifest({}, 'database: null'), '5:15 empty-field'],
    ['database: empty', manifest({}, 'database: ""'), '5:15 bad-id'],
    ['database: zero', manifest({}, 'database: 0'), '5:15 bad-id'],
    ['database: negative', manifest({}, 'database: -1'), '5:15 bad-id'],
    ['database: signed', manifest({}, 'database: +1'), '5:15 bad-id'],
    ['database: a fraction', manifest({}, 'database: 1.5'), '5:15 bad-id'],
    ['database: a whole fraction', manifest({}, 'database: 1017.0'), '5:15 bad-id'],
    ['database: an exponent', manifest({}, 'database: 1e3'), '5:15 bad-id'],
    ['database: hexadecimal', manifest({}, 'database: 0x10'), '5:15 bad-id'],
    ['database: octal', manifest({}, 'database: 0o17'), '5:15 bad-id'],
    ['database: octal in YAML 1.1', manifest({}, 'database: 0777'), '5:15 bad-id'],
    ['database: grouped', manifest({}, 'database: 1_000'), '5:15 bad-id'],
    ['database: infinite', manifest({}, 'database: .inf'), '5:15 bad-id'],
    ['database: too large', manifest({}, 'database: 9007199254740992'), '5:15 bad-id'],
    ['database: far too large', manifest({}, 'database: 99999999999999999999'), '5:15 bad-id'],
    ['database: a space in it', manifest({}, 'database: "10 17"'), '5:15 bad-id'],
    ['database: a space before it', manifest({}, 'database: " 1017"'), '5:15 bad-id'],
    ['database: a number in quotes that is no id', manifest({}, 'database: "1e3"'), '5:15 bad-id'],
    ['database: a name with a space before it', manifest({}, 'database: " Customers"'), '5:15 bad-id'],
    ['database: a name with a control character', manifest({}, 'database: "Cust\\tomers"'), '5:15 bad-id'],
    ['database: a name that is too long', manifest({}, `database: ${'x'.repeat(201)}`), '5:15 bad-id'],
    ['database: a truth value', manifest({}, 'database: true'), '5:15 bad-id'],
    ['database: a list', manifest({}, 'database: [1017]'), '5:15 bad-id'],
    ['collection: a name without a database', manifest({}, 'collection: Orders'), '5:17 collection-without-database'],
    ['an unknown field', manifest({}, 'colour: red'), '5:5 unknown-field'],
    ['a field that is no text', manifest({}, '1: red'), '5:5 bad-key'],
    ['a field that is a list', manifest({}, '? [a]', ': red'), '5:7 bad-key'],
    ['a field of an object’s prototype', manifest({}, '__proto__: {name: b}'), '5:5 unknown-field'],
  ])('%s', (_what, text, expected) => {
    expect(found(text)).toEqual([expected]);
    expect(parse(text).ok).toBe(false);
  });

  it.each(['name', 'handler', 'trigger'])('%s is required, and asked for at the entry', (field) => {
    const lines = ['name: a', 'handler: https://example.com', 'trigger: open'];
    const text = `webhooks:\n  - ${lines.filter((line) => !line.startsWith(field)).join('\n    ')}\n`;
    expect(problemsOf(text)).toMatchObject([
      { code: 'missing-field', message: `${field} is missing`, line: 2, column: field === 'name' ? 5 : 11 },
    ]);
  });
});

describe('help', () => {
  it.each([
    ['a trigger', manifest({ trigger: 'craete' }), 'did you mean create?'],
    ['a trigger in capitals', manifest({ trigger: 'Unsubscribe' }), 'did you mean unsubscribe?'],
    ['a trigger that is like none', manifest({ trigger: 'purchase' }), 'use one of create, update, delete, click'],
    ['two triggers', manifest({ trigger: '[create, update]' }), 'an entry has one trigger'],
    ['two triggers in one text', manifest({ trigger: 'create, update' }), 'an entry has one trigger'],
    ['a caller', manifest({}, 'callers: [publsher]'), 'did you mean publisher?'],
    ['the beginning of a caller', manifest({}, 'callers: [pub]'), 'did you mean publisher?'],
    ['a caller outside of a list', manifest({}, 'callers: ms'), 'write callers: [ms]'],
    ['callers in one text', manifest({}, 'callers: "publisher, ms"'), 'write callers: [publisher, ms]'],
    ['a field', manifest({}, 'databse: 1017'), 'did you mean database?'],
    ['a field by another name', manifest({}, 'database_id: 1017'), 'did you mean database?'],
    ['leading zeros', manifest({}, 'database: 0777'), 'write it without them, if it is the id'],
    ['a field without a value', manifest({}, 'database:'), 'give one, or leave the line out'],
  ])('for %s', (_what, text, remedy) => {
    expect(problemsOf(text)[0]?.remedy).toContain(remedy);
  });

  it('does not call a field missing that is only misspelt', () => {
    const text = 'webhooks:\n  - name: a\n    handlr: https://example.com\n    event: open\n';
    expect(found(text)).toEqual(['3:5 unknown-field', '4:5 unknown-field']);
  });

  it('names the entry that a problem is about', () => {
    expect(problemsOf(manifest({ name: 'crm', trigger: 'x' }))[0]?.name).toBe('crm');
  });
});

describe('warnings', () => {
  it.each([
    ['http', 'http://example.com', ['3:14 warning insecure-handler']],
    ['localhost', 'https://localhost/hook', ['3:14 warning unreachable-handler']],
    ['a loopback address', 'https://127.0.0.1', ['3:14 warning unreachable-handler']],
    ['a loopback address in disguise', 'https://0x7f.1', ['3:14 warning unreachable-handler']],
    ['a private address', 'https://10.1.2.3', ['3:14 warning unreachable-handler']],
    ['another private address', 'https://172.31.0.1', ['3:14 warning unreachable-handler']],
    ['a third private address', 'https://192.168.1.1', ['3:14 warning unreachable-handler']],
    ['a link-local address', 'https://169.254.169.254', ['3:14 warning unreachable-handler']],
    ['an IPv6 loopback address', '"https://[::1]/"', ['3:14 warning unreachable-handler']],
    ['a private IPv6 address', '"https://[fd00::1]/"', ['3:14 warning unreachable-handler']],
    ['a .local host', 'https://printer.local', ['3:14 warning unreachable-handler']],
    ['a host without domain', 'https://intranet/hook', ['3:14 warning unreachable-handler']],
    ['a password', 'https://me:secret@example.com', ['3:14 warning password-in-file']],
    ['a fragment', 'https://example.com/#top', ['3:14 warning handler-fragment']],
    ['a public address', 'https://172.32.0.1', []],
    ['another public address', 'https://8.8.8.8', []],
    ['a host that only looks private', 'https://localhost.example.com', []],
  ])('%s', (_what, handler, expected) => {
    const text = manifest({ handler });
    expect(found(text)).toEqual(expected);
    expect(parse(text).ok).toBe(true);
  });

  it('say nothing of a password that comes from the environment', () => {
    const text = manifest({ handler: 'https://${WEBHOOKS_U}:${WEBHOOKS_P}@example.com' });
    expect(found(text, { WEBHOOKS_U: 'me', WEBHOOKS_P: 'secret' })).toEqual([]);
  });

  it('stand among the errors when there are some', () => {
    const text = manifest({ handler: 'http://example.com', trigger: 'x' });
    expect(found(text)).toEqual(['3:14 warning insecure-handler', '4:14 bad-trigger']);
  });
});

describe('all problems at once', () => {
  it('are found in the order of the file, each entry on its own and across entries', () => {
    const text = `webhooks:
  - name: a
    handler: https://example.com/a
    trigger: create
  - name: b b
    handler: ftp://example.com
    trigger: craete
    callers: [x, ms]
    database: -1
    colour: red
  - 5
  - name: a
    handler: https://example.com/a/
    trigger: nothing
  - name: c
    handler: HTTPS://EXAMPLE.COM/a
    trigger: create
    callers: [publisher, ms]
other: 1
`;
    expect(found(text)).toEqual([
      '5:11 bad-name',
      '6:14 bad-handler',
      '7:14 bad-trigger',
      '8:15 bad-caller',
      '9:15 bad-id',
      '10:5 unknown-field',
      '11:5 bad-entry',
      '12:11 duplicate-name',
      '14:14 bad-trigger',
      '15:11 duplicate-webhook',
      '19:1 unknown-field',
    ]);
  });
});

describe('checks across entries', () => {
  const two = (first: string, second: string) => `webhooks:\n  - {${first}}\n  - {${second}}\n`;

  it('refuse a second entry of a name, and show both places', () => {
    const text = two(
      'name: a, handler: "https://e.com/1", trigger: open',
      'name: a, handler: "https://e.com/2", trigger: open',
    );
    expect(problemsOf(text)).toMatchObject([
      {
        code: 'duplicate-name',
        line: 3,
        column: 12,
        message: expect.stringContaining('first defined at webhooks.yaml:2:12'),
      },
    ]);
  });

  it.each([
    ['a slash after the host', 'handler: "https://e.com"', 'handler: "https://e.com/"'],
    ['the case of the host', 'handler: "https://e.com"', 'handler: "https://E.com"'],
    ['the default port', 'handler: "https://e.com"', 'handler: "https://e.com:443"'],
    ['callers left out and both', 'handler: "https://e.com"', 'handler: "https://e.com", callers: [publisher, ms]'],
    [
      'the order of callers',
      'handler: "https://e.com", callers: [ms, publisher]',
      'handler: "https://e.com", callers: [publisher, ms]',
    ],
    ['a quoted id', 'handler: "https://e.com", database: 1017', 'handler: "https://e.com", database: "1017"'],
  ])('refuse the very same webhook under two names: %s', (_what, first, second) => {
    const text = two(`name: a, trigger: open, ${first}`, `name: b, trigger: open, ${second}`);
    expect(problemsOf(text)).toMatchObject([
      {
        code: 'duplicate-webhook',
        name: 'b',
        line: 3,
        column: 12,
        message: 'asks for the very same webhook as "a"; first defined at webhooks.yaml:2:12',
      },
    ]);
  });

  it.each([
    ['trigger', 'trigger: open', 'trigger: click'],
    ['path', 'trigger: open', 'trigger: open'],
    ['callers', 'trigger: open, callers: [ms]', 'trigger: open, callers: [publisher]'],
    ['database', 'trigger: open, database: 1', 'trigger: open, database: 2'],
    ['collection', 'trigger: open, collection: 1', 'trigger: open'],
  ])('let entries through that differ in %s', (what, first, second) => {
    const path = what === 'path' ? '/other' : '';
    const text = two(
      `name: a, handler: "https://e.com", ${first}`,
      `name: b, handler: "https://e.com${path}", ${second}`,
    );
    expect(found(text)).toEqual([]);
  });

  it('see no equal webhook behind an unknown field, which may be what tells them apart', () => {
    const unknown = two(
      'name: a, handler: "https://e.com", trigger: open',
      'name: b, handler: "https://e.com", trigger: open, databse: 1',
    );
    expect(found(unknown)).toEqual(['3:56 unknown-field']);
  });
});

describe('what is wrong with a value', () => {
  it('is told with the name of its entry, whatever finds it', () => {
    const problems = problemsOf(
      manifest({ name: 'crm', handler: 'https://a.example/${WEBHOOKS_NOPE}', trigger: 'nope' }),
    );
    expect(problems.map(({ code, name }) => [code, name])).toEqual([
      ['unset-variable', 'crm'],
      [expect.any(String), 'crm'],
    ]);
  });

  it('has no name where the entry has none', () => {
    const problems = problemsOf('webhooks:\n  - { handler: "https://a.example/${WEBHOOKS_NOPE}", trigger: create }\n');
    expect(problems.map(({ name }) => name)).toEqual([undefined, undefined]);
  });
});

describe('names that the state has', () => {
  const removed = (list: string) => `${manifest({})}removed: ${list}\n`;

  it('are read with their places, variables filled in', () => {
    const text = `${manifest({}, 'was: ${WEBHOOKS_OLD}', 'protect: true')}removed:\n  - b\n  - "c${'{WEBHOOKS_OLD}'}"\n`;
    expect(parse(text.replace('"c{', '"c${'), { WEBHOOKS_OLD: 'old' })).toMatchObject({
      entries: [{ was: { name: 'old', file: 'webhooks.yaml', line: 5, column: 10 }, protect: true }],
      removed: [
        { name: 'b', file: 'webhooks.yaml', line: 8, column: 5 },
        { name: 'cold', line: 9, column: 5 },
      ],
    });
    const [entry] = entriesOf(manifest({}, 'protect: false'));
    expect(entry).not.toHaveProperty('protect');
    expect(entry).not.toHaveProperty('was');
  });

  it.each([
    ['was: a bad name', manifest({}, 'was: a b'), '5:10 bad-name'],
    ['was: nothing', manifest({}, 'was:'), '5:5 empty-field'],
    ['was: its own name', manifest({}, 'was: a'), '5:10 was-taken'],
    ['protect: text', manifest({}, 'protect: yes'), '5:14 bad-protect'],
    ['protect: a number', manifest({}, 'protect: 1'), '5:14 bad-protect'],
    ['protect, misspelt', manifest({}, 'protected: true'), '5:5 unknown-field'],
    ['removed: no list', removed('b'), '5:10 bad-manifest'],
    ['removed: a bad name', removed('[b, a b]'), '5:14 bad-name'],
    ['removed: a number', removed('[1]'), '5:11 bad-name'],
    ['removed: an entry', removed('[b, a]'), '5:14 removed-taken'],
    ['removed: a variable that is not set', removed('["${WEBHOOKS_NO}"]'), '5:12 unset-variable'],
    ['removed, misspelt', removed('[b]').replace('removed', 'remove'), '5:1 unknown-field'],
  ])('%s', (_title, text, expected) => {
    expect(found(text)).toEqual([expected]);
  });

  it('may be removed twice', () => {
    expect(parse(removed('[b, b]'))).toMatchObject({ ok: true });
  });

  it('go one way only: each contradiction is told at its line, with the other place', () => {
    const one = (name: string, old: string) => {
      return `  - {name: ${name}, handler: "https://e.com/${name}", trigger: open, was: ${old}}\n`;
    };
    const text = `webhooks:\n${one('a', 'x')}${one('b', 'x')}${one('c', 'a')}removed: [x]\n`;
    expect(problemsOf(text).map(({ line, code, message }) => [line, code, message])).toEqual([
      [3, 'was-taken', 'two entries say that they were "x"; the other one is at webhooks.yaml:2:63'],
      [4, 'was-taken', 'was "a" names an entry of this manifest, at webhooks.yaml:2:12'],
      [5, 'removed-taken', '"x" is removed, and an entry says that it was this one, at webhooks.yaml:2:63'],
    ]);
  });
});

describe('a host with letters of other alphabets', () => {
  it.each([
    ['https://müller.example.com/x', 'xn--mller-kva.example.com'],
    ['https://u:p@аpple.com:8443/x', 'xn--pple-43d.com:8443'],
    ['https://m%C3%BCller.example.com', 'xn--mller-kva.example.com'],
  ])('is a warning, with its punycode: %s', (handler, punycode) => {
    const warning = problemsOf(manifest({ handler })).find(({ code }) => code === 'non-ascii-host');
    expect(specsOf(manifest({ handler })).a?.handler).toBe(handler);
    expect(warning).toMatchObject({ severity: 'warning', line: 3, message: expect.stringContaining(punycode) });
  });

  it('is told without it where the environment fills in a part', () => {
    const problems = problemsOf(manifest({ handler: 'https://${WEBHOOKS_HOST}/' }), {
      WEBHOOKS_HOST: 'müller.example',
    });
    expect(problems).toMatchObject([
      { code: 'non-ascii-host', message: 'the host of the handler has letters other than a to z' },
    ]);
  });

  it.each(['https://xn--mller-kva.example.com', 'https://e.com/é?ü=%20#ß'])('is not in %s', (handler) => {
    expect(found(manifest({ handler })).join()).not.toContain('non-ascii-host');
  });
});
