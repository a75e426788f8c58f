import { PROCESS_WIDE, SETTINGS, type Setting } from './schema.js';

/** Where a comment is folded. */
const LINE_CHARACTERS = 110;

const HEAD = `Settings of copernica-webhooks, each with its default. A flag (--concurrency) overrides an environment variable (COPERNICA_WEBHOOKS_CONCURRENCY), which overrides this file. The access token is never a setting: it comes from COPERNICA_ACCESS_TOKEN, or from the file that COPERNICA_ACCESS_TOKEN_FILE names.`;

const ACCOUNTS = `Several accounts: each has its own name, token and state, and any setting above except ${[...PROCESS_WIDE].join(', ')}. The settings of an account override the environment and the rest of this file; a flag overrides everything.`;

const ACCOUNTS_EXAMPLE = `# accounts:
#   - name: live
#     file: live.yaml
#     state: /data/live.state.jsonl
#     access-token-env: COPERNICA_TOKEN_LIVE # the environment variable that holds its token
#   - name: test
#     file: test.yaml
#     state: /data/test.state.jsonl
#     access-token-file: /run/secrets/copernica-test # or a file that does
`;

/** A settings file with every setting and its default; those without one are commented out, with an example. */
export function settingsFileText(): string {
  return [comment(HEAD), ...Object.values(SETTINGS).map(settingText), `${comment(ACCOUNTS)}${ACCOUNTS_EXAMPLE}`].join(
    '\n',
  );
}

function settingText(setting: Setting): string {
  const { name, help, accepts, note } = setting;
  const about = [sentence(help), ...(tellsItself(accepts) ? [] : [`Accepts ${accepts}.`]), ...(note ? [note] : [])];
  const value = setting.shown ?? setting.default;
  const line = value === undefined ? `# ${name}: ${setting.example ?? ''}` : `${name}: ${scalar(String(value))}`;
  return `${comment(about.join(' '))}${line}\n`;
}

/** The default alone explains it. */
function tellsItself(accepts: string): boolean {
  return accepts === 'a path' || accepts === 'true or false';
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function scalar(text: string): string {
  return /^[\w./][\w./:-]*$/.test(text) ? text : JSON.stringify(text);
}

function comment(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > LINE_CHARACTERS) lines.push(`# ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return `${lines.join('\n')}\n`;
}
