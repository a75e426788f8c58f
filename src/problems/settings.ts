import type { ProblemInfo } from './info.js';

/** About settings, the token and the command line. */
export const SETTINGS_AND_USAGE = {
  usage: {
    ends: 'input',
    means: 'There is no such command, flag or argument, or one is missing.',
    remedy: 'See `--help`; a near name is suggested.',
  },
  'bad-setting': {
    ends: 'input',
    means: 'A setting has a value that can’t be used. The message says where it came from: flag, variable or file.',
    remedy: 'Give what the message says is accepted; the [reference](reference.md#settings) has all.',
  },
  'notify-twice': {
    ends: 'input',
    means: 'Both `notify` and `notify-file` say where notices go, at one place.',
    remedy: 'Leave one of them out.',
  },
  'notify-unusable': {
    ends: 'input',
    means: 'The notify file does not hold a URL that notices could be sent to.',
    remedy: 'Put into it what the message says; [notices](notices.md) has more.',
  },
  'unknown-setting': {
    ends: 'input',
    means: 'The settings file has a key that is no setting.',
    remedy: 'Mend its name; a near one is suggested.',
  },
  'settings-syntax': {
    ends: 'input',
    means: 'The settings file is not YAML at this place, has a key twice, or is larger than any settings.',
    remedy: 'Look at the line that is named.',
  },
  'settings-shape': {
    ends: 'input',
    means: 'The settings file is no mapping of names to values.',
    remedy: 'Write `name: value` on each line, as `copernica-webhooks init --settings` does.',
  },
  'bad-accounts': {
    ends: 'input',
    means: '`accounts` in the settings file is no list of mappings.',
    remedy: 'Begin each account with a dash: `- name: …`; or leave `accounts` out.',
  },
  'bad-account-name': {
    ends: 'input',
    means: 'An account has no name, or one that can’t be used.',
    remedy: 'Give each a name of its own: letters, digits, `.`, `_`, `-`.',
  },
  'duplicate-account': {
    ends: 'input',
    means: 'Two accounts have one name.',
    remedy: 'Give each a name of its own.',
  },
  'account-token': {
    ends: 'input',
    means:
      'An account says nothing of its access token, or has two, or the token itself stands where a variable’s name belongs.',
    remedy:
      'Write `access-token-env` with the name of a variable, or `access-token-file` with a path. A token that stood in the file is to be replaced.',
  },
  'shared-state': {
    ends: 'input',
    means: 'Two accounts have the same state file: each would undo the other’s work.',
    remedy: 'Give each a `state` of its own.',
  },
  'shared-webhooks': {
    ends: 'input',
    means: 'Two accounts have the same token and manifest: every webhook would be made twice.',
    remedy: 'Remove one of them.',
  },
  'which-account': {
    ends: 'input',
    means: 'The command works on one account, and the settings file lists several.',
    remedy: 'Say which one with `--account`.',
  },
  'unknown-account': {
    ends: 'input',
    means: '`--account` names one that the settings file does not list.',
    remedy: 'Use one of those that the message names.',
  },
  'flag-for-all-accounts': {
    ends: 'input',
    means: '`--file` or `--state` is given for several accounts at once.',
    remedy: 'Say which one with `--account`, or give the paths in the settings file.',
  },
  'token-missing': {
    ends: 'input',
    means: 'There is no access token.',
    remedy: 'Set `COPERNICA_ACCESS_TOKEN`, or `COPERNICA_ACCESS_TOKEN_FILE` to the path of a file that holds it.',
  },
  'token-twice': {
    ends: 'input',
    means: 'Both `COPERNICA_ACCESS_TOKEN` and `COPERNICA_ACCESS_TOKEN_FILE` are set.',
    remedy: 'Unset one of them.',
  },
  'token-unusable': {
    ends: 'input',
    means: 'What should be the access token is empty, too short, or holds white space or characters that none has.',
    remedy: 'Copy it from the Copernica dashboard once more.',
  },
  'token-rejected': {
    ends: 'input',
    means:
      'Copernica says that the access token is unknown or over, or that it may not be used so: it can be limited to an API version or to IP addresses. Nothing was changed. `run` goes on trying.',
    remedy: 'Check the token in the Copernica dashboard, or make a new one.',
  },
  'file-unreadable': {
    ends: 'input',
    means:
      'The settings file, token file or certificate file is not there, can’t be read, is too large, or no such file.',
    remedy: 'Check the path and its permissions. In a container, look at the mount.',
  },
  'proxy-address': {
    ends: 'input',
    means: '`HTTP_PROXY` or `HTTPS_PROXY` is not the address of an http or https proxy.',
    remedy: 'Set it to something like `http://proxy.example.com:3128`.',
  },
  'api-url': {
    ends: 'input',
    means: 'The address of the API is no http or https URL.',
    remedy: 'Give one, or leave it out for Copernica’s own.',
  },
  'sandbox-state': {
    ends: 'input',
    means: '`--state` and `--sandbox` are given together; the sandbox has a state of its own, which ends with it.',
    remedy:
      'Leave one out. For a sandbox that outlives one run, use the [sandbox command](sandbox.md) and `--api-url`.',
  },
  'listen-in-use': {
    ends: 'input',
    means: 'Another program has the port of the status page.',
    remedy: 'End that one (another daemon?), or say `--listen` with another port, or `off`.',
  },
  'bad-range': {
    ends: 'input',
    means: '`discover` is given ids that are no range.',
    remedy: 'Give `--from` and `--to`, rising.',
  },
  'unknown-name': {
    ends: 'input',
    means: '`import` is given a name that the manifest has no entry of, or `forget` one that the state has none of.',
    remedy: 'Mend the name. `list` shows what the state has; for `import`, write the entry first.',
  },
  'file-exists': {
    ends: 'input',
    means: '`init` would have to overwrite a file.',
    remedy: 'Name another path.',
  },
  'file-unwritable': {
    ends: 'input',
    means: '`init` can’t write the file.',
    remedy: 'Check the folder and its permissions, or name another path.',
  },
  'schema-kept': {
    ends: 'warning',
    means: '`init` found a JSON Schema beside the manifest and left it as it is.',
    remedy: 'If it is an older version’s, write it anew: `copernica-webhooks schema > webhooks.schema.json`.',
  },
} as const satisfies Readonly<Record<string, ProblemInfo>>;
