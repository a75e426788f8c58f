import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../src/settings/schema.js';
import { Workplace } from '../helpers/cli.js';
import { filesUnder, read } from './files.js';

const FILES = ['Dockerfile', 'compose.yaml', 'compose.postgresql.yaml', ...filesUnder('docs/deploy')];
const ENVIRONMENT = new Set<string>([
  ...Object.values(SETTINGS).map(({ environment }) => environment),
  'COPERNICA_ACCESS_TOKEN',
  'COPERNICA_ACCESS_TOKEN_FILE',
]);
const COMMANDS = ['validate', 'plan', 'apply', 'run', 'list', 'import', 'forget', 'discover', 'healthcheck', 'sandbox'];
const CALL = new RegExp(`(?:copernica-webhooks|dist/main\\.js)"?,? "?(${COMMANDS.join('|')})\\b([^|;)\`\\n]*)`, 'g');

const calls = FILES.flatMap((path) =>
  [...read(path).matchAll(CALL)].map(([whole, command = '', rest = '']) => ({
    path,
    whole,
    command,
    flags: rest.match(/(?<=\s)--[a-z-]+/g) ?? [],
  })),
);

describe('the files for running it', () => {
  it.each(FILES)('name only variables that there are: %s', (path) => {
    const named = read(path).match(/\bCOPERNICA_[A-Z_]*[A-Z]\b/g) ?? [];
    expect(named.filter((name) => !ENVIRONMENT.has(name))).toEqual([]);
  });

  it('give each command only flags that it has', async () => {
    expect(calls.map(({ command }) => command)).toEqual(
      expect.arrayContaining(['apply', 'run', 'healthcheck', 'plan']),
    );
    const place = await Workplace.open();
    const help = new Map<string, string>();
    for (const { path, whole, command, flags } of calls) {
      const text = help.get(command) ?? (await place.run(command, '--help')).stdout;
      help.set(command, text);
      for (const flag of flags) expect(text, `${path}: ${whole}`).toMatch(new RegExp(`${flag}\\b`));
    }
  });
});
