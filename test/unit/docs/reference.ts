import type { Argument, Command, Option } from 'commander';
import { EXIT } from '../../../src/output/exit-code.js';
import { PROCESS_WIDE, SETTINGS, type Setting } from '../../../src/settings/schema.js';
import { cell, code, table } from './markdown.js';

const HEAD = `# Reference

<!-- Made from the code by \`npm run docs\`. A test holds it current: change the code, not this page. -->

Commands, settings and exit codes of \`copernica-webhooks\`. \`--help\` and \`--version\` work everywhere; an unknown flag or command is an error with a suggestion.
`;

const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: 'done, nothing left to do',
  failed:
    'failed, or finished with some entries failed or live webhooks not checked: they are tried again at the next run',
  changes: '`plan --detailed-exitcode` only: there are changes',
  input: 'the manifest, the settings, the token or the usage is wrong: nothing was attempted',
  refused:
    'refused by a guard: deletion limit, wrong account, lock held, an uncertain create that must not be repeated, a protected entry, a saved plan that is out of date',
};

const SETTINGS_INTRO = `## Settings

A flag overrides an environment variable, which overrides the settings file (\`--config\`, by default [config/settings.yaml](../config/settings.yaml) when it exists). The name of a setting is its key there. A value that can't be used stops the program before it does anything. The access token is never a flag: it comes from \`COPERNICA_ACCESS_TOKEN\`, or from the file that \`COPERNICA_ACCESS_TOKEN_FILE\` names. The URL of notices is a secret too, and has no flag either. A switch has a \`--no-\` form, which overrides the environment and the settings file.

Where the settings file lists \`accounts\`, each may have any of these except ${[...PROCESS_WIDE].map(code).join(', ')}, and they override the environment.
`;

/** docs/reference.md, from the command line and the settings as they are. */
export function referenceText(program: Command): string {
  const settings = Object.values(SETTINGS);
  return [
    HEAD,
    '## Commands\n',
    ...program.commands.flatMap((command) => {
      const { commands } = command;
      return (commands.length === 0 ? [command] : commands).map((each) => commandText(each, program.name()));
    }),
    SETTINGS_INTRO,
    table(['Name', 'Flag', 'Environment', 'Default', 'Accepts'], settings.map(settingRow)),
    ...settings.map(settingText),
    '## Exit codes\n',
    'The same for every command. When several apply, 3 goes before 4, and 4 before 1.\n',
    table(
      ['Code', 'Means'],
      (Object.keys(EXIT) as (keyof typeof EXIT)[]).map((key) => [`${EXIT[key]}`, EXIT_MEANINGS[key]]),
    ),
  ].join('\n');
}

function commandText(command: Command, program: string): string {
  const group = command.parent?.name();
  const name = group === program ? command.name() : `${group} ${command.name()}`;
  const isSetting = (option: Option) => settingOf(option.name()) !== undefined;
  const shown = command.options.filter(({ hidden }) => !hidden);
  const own = shown.filter((option) => !isSetting(option));
  const settings = shown.filter(isSetting);
  const operands = command.registeredArguments;
  const usage = operands.map((it) => (it.required ? ` <${it.name()}>` : ` [${it.name()}]`)).join('');
  const rows = [
    ...operands.map((it) => [code(it.name()), `${it.description}${choicesOf(it)}`]),
    ...own.map((it) => [code(it.flags), `${it.description}${choicesOf(it)}`]),
  ];
  return [
    `### ${name}\n`,
    `\`${program} ${name}${shown.length > 0 ? ' [options]' : ''}${usage}\`: ${cell(command.description())}.\n`,
    ...(rows.length === 0 ? [] : [table(['Argument', 'Means'], rows)]),
    ...(settings.length === 0 ? [] : [`Settings: ${settings.map(linkOf).join(', ')}.\n`]),
  ].join('\n');
}

function choicesOf({ argChoices }: Argument | Option): string {
  return argChoices === undefined ? '' : `: ${argChoices.join(', ')}`;
}

function linkOf(option: Option): string {
  return `[${option.long}](#setting-${option.name()})`;
}

function settingOf(name: string): Setting | undefined {
  return Object.values(SETTINGS).find((setting) => setting.name === name);
}

function settingRow(setting: Setting): string[] {
  const { name, flag, environment, accepts } = setting;
  return [
    `[${name}](#setting-${name})`,
    flag === undefined ? '–' : code(flag),
    code(environment),
    defaultOf(setting),
    accepts,
  ];
}

function defaultOf({ default: value, shown }: Setting): string {
  return value === undefined ? '–' : code(shown ?? String(value));
}

function settingText({ name, help, note, commands }: Setting): string {
  const about = `${help.charAt(0).toUpperCase()}${help.slice(1)}.${note === undefined ? '' : ` ${note}`}`;
  const where = commands.map((command) => `[${command}](#${command.replace(' ', '-')})`).join(', ');
  return `### Setting ${name}\n\n${cell(about)} For ${where}.\n`;
}
