import { describe, expect, it } from 'vitest';
import { Workplace } from '../helpers/cli.js';
import { readPage } from '../helpers/page.js';
import { openSandbox } from '../helpers/sandbox.js';

const PAGE = readPage('json.md');
const IDENTITY = { id: '34', name: 'Development', description: '', company: 'Copernica BV' };

const MANIFEST = `webhooks:
  - name: crm-created
    handler: https://hooks.example.com/created
    trigger: create
  - name: newsletter-clicks
    handler: http://hooks.example.com/clicks
    trigger: click
    callers: [publisher]
    protect: true
`;
const EDITED = MANIFEST.replace('com/created', 'com/v2/created');
const ACCOUNTS = `accounts:
  - { name: live, file: webhooks.yaml, state: live.jsonl, access-token-env: COPERNICA_TOKEN }
  - { name: test, file: test.yaml, state: test.jsonl, access-token-env: COPERNICA_TOKEN }
`;

interface Example {
  readonly command: string;
  readonly document: object;
}

/** A command in the text, and under it the document that it prints; a line with `// …` stands for what is left out. */
const EXAMPLES: readonly Example[] = [
  ...PAGE.matchAll(/`(copernica-webhooks [^`]+)`:\n\n```jsonc\n([\s\S]*?)^```$/gm),
].map(([, command = '', text = '']) => ({
  command,
  document: JSON.parse(text.replace(/,?\s*\/\/ ….*$/gm, '')) as object,
}));

/** What is otherwise at each run, as the page shows it. */
function asShown(stdout: string, api: string, example: object): unknown {
  const text = stdout
    .replaceAll(api, 'https://api.copernica.com')
    .replace(/"sha256:\w+"/g, '"sha256:…"')
    .replace(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"2026-11-27T10:00:00.000Z"')
    .replace(/"durationMs": \d+/g, '"durationMs": 6')
    // How much of the machine doctor can see.
    .replace(/"ok": \d+(?=,\s+"warning")/, '"ok": 21');
  const document = JSON.parse(text) as { checks?: readonly { check: string }[] };
  if (document.checks === undefined || !('checks' in example)) return document;
  const listed = example.checks as readonly { check: string }[];
  return { ...document, checks: document.checks.filter(({ check }) => listed.some((one) => one.check === check)) };
}

describe('docs/json.md', () => {
  it('shows what the commands print, in their order', async () => {
    const sandbox = await openSandbox({ accounts: [{ token: 'token-of-the-account', identity: IDENTITY }] });
    const place = await Workplace.open(sandbox);
    place.environment.COPERNICA_WEBHOOKS_LOG_LEVEL = 'error';
    const prepare: Readonly<Record<string, () => Promise<unknown>>> = {
      validate: async () => {
        await place.write('test.yaml', 'webhooks: []\n');
        await place.write('accounts.yaml', ACCOUNTS);
        await place.write('webhooks.yaml', MANIFEST);
      },
      plan: async () => {
        await place.run('apply', '--init');
        await place.write('webhooks.yaml', EDITED);
      },
      apply: async () => sandbox.orderFault('update:before:400'),
    };
    const printed: Example[] = [];
    for (const { command, document } of EXAMPLES) {
      const [, name = '', ...words] = command.split(' ');
      await prepare[name]?.();
      const { stdout } = await place.run(name, ...words);
      printed.push({ command, document: asShown(stdout, sandbox.url, document) as object });
    }
    expect(EXAMPLES.length).toBeGreaterThan(8);
    expect(printed).toEqual(EXAMPLES);
  });
});
