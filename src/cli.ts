import { Argument, Command, CommanderError, Option, type OptionValues } from 'commander';
import type { ApplyCommandOptions } from './commands/apply.js';
import { type CommandResult, execute, type Invocation, type OutputFormat } from './commands/command.js';
import type { InitOptions } from './commands/init.js';
import type { SandboxOptions } from './commands/sandbox.js';
import type { SchemaOptions } from './commands/schema.js';
import { SHELLS, type Shell } from './completion/shells.js';
import type { ProblemCode } from './error-codes.js';
import type { Host } from './host.js';
import { DOCUMENT_NAMES } from './output/document-names.js';
import { EXIT } from './output/exit-code.js';
import { type CommandName, SETTING_NAMES, SETTINGS, type Setting } from './settings/schema.js';
import { inWordsOfThisTool } from './text/other-tools.js';
import { printableJson, printableLines } from './text/printable.js';

/** A separate group, so that a command's own options are easy to find among them. */
const SETTINGS_GROUP = 'Settings:';

const HELP_FOOTER = `
Settings come from flags, then environment variables, then a settings file (--config, default config/settings.yaml).
The access token is read from COPERNICA_ACCESS_TOKEN, or from the file that COPERNICA_ACCESS_TOKEN_FILE names.

Exit codes: 0 done · 1 failed, wholly or for some entries · 2 there are changes (plan --detailed-exitcode)
            3 manifest, settings, token or usage are wrong · 4 refused by a guard`;

/** Parses the command line, runs the command and returns the exit code. */
export async function runCli(host: Host, args: readonly string[]): Promise<number> {
  let code: number = EXIT.done;
  const finish = (result: number) => {
    code = result;
  };
  try {
    await buildProgram(host, finish).parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.done;
    if (args.includes('--json'))
      host.stdout.write(`${printableJson(host.secrets.redact(JSON.stringify(usageDocument(error), null, 2)))}\n`);
    return EXIT.input;
  }
}

function usageDocument(error: CommanderError) {
  const [message, remedy] = inWordsOfThisTool(error.message.replace(/^error: /, '')).split('\n');
  const place = { name: null, file: null, line: null, column: null };
  return {
    errors: [{ code: 'usage' satisfies ProblemCode, message, remedy: remedy ?? 'see --help', ...place }],
    warnings: [],
  };
}

/** The body of a command. `Options` are those that only this command has. */
type Body<Options> = (host: Host, invocation: Invocation, options: Options) => Promise<CommandResult>;

/** The command line. `finish` is called with the exit code of the command that ran. */
export function buildProgram(host: Host, finish: (code: number) => void): Command {
  // A usage error quotes the command line, which may contain the token by mistake.
  const program = new Command('copernica-webhooks')
    .description("Manages a Copernica account's webhooks from a YAML file in git.")
    .version(host.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      outputError: (text, write) => write(inWordsOfThisTool(text)),
      writeErr: (text) => host.stderr.write(printableLines(host.secrets.redact(text))),
    })
    .showHelpAfterError('(see --help)')
    .addHelpText('after', HELP_FOOTER);

  const doing = <Options extends OptionValues>(command: Command, body: Body<Options>): Command =>
    command.action(async () => {
      const invocation = invocationOf(command);
      finish(await execute(host, invocation.output, () => body(host, invocation, command.opts<Options>())));
    });
  const command = (name: CommandName, description: string, ...own: readonly Option[]) =>
    settingsCommand(program.command(name).description(description), name, own);
  const stateCommand = (name: 'copy' | 'migrate', description: string) =>
    settingsCommand(state.command(name).description(description), `state ${name}`, []);

  program.commandsGroup('Every day:');
  doing(
    command(
      'validate',
      'check the manifest and the settings; needs no token and no network',
      JSON_OPTION,
      FORMAT_OPTION,
    ),
    lazily(async () => (await import('./commands/validate.js')).validateCommand),
  );
  doing(
    command(
      'plan',
      'show what apply would do, and change nothing',
      JSON_OPTION,
      PLAN_FORMAT_OPTION,
      new Option('--detailed-exitcode', 'end with code 2 when there are changes'),
      new Option(
        '--against <path>',
        'compare with another manifest, instead of the state and the account, for pull requests; ' +
          'with several accounts, NAME=FILE for each, or a folder with files of the same names',
      ).argParser((path: string, before: readonly string[] = []) => [...before, path]),
      new Option('--out <file>', 'save the plan: `apply FILE` does exactly that, or nothing'),
    ),
    lazily(async () => (await import('./commands/plan.js')).planCommand),
  );
  const applying = command(
    'apply',
    'make the account match the manifest, once: for cron and CI',
    JSON_OPTION,
    APPLY_FORMAT_OPTION,
    new Option(
      '--force',
      'exceed the deletion limit, and accept that all webhooks are gone; the account check still applies',
    ),
    new Option('--retry', 'send one create now, even if recent answers to creates were lost'),
  ).argument('[plan]', 'a plan saved by `plan --out`: does exactly that, or nothing');
  doing(applying, async (_host, invocation, options: ApplyCommandOptions) => {
    const { applyCommand } = await import('./commands/apply.js');
    return applyCommand(host, invocation, { ...options, plan: applying.args[0] });
  });
  const run = command('run', 'the daemon: reconcile at start, on every change of the manifest, and on the schedule');
  run.action(async () => {
    const { runCommand } = await import('./commands/run.js');
    finish(await runCommand(host, invocationOf(run)));
  });
  doing(
    command('list', 'show what is in the state', JSON_OPTION),
    lazily(async () => (await import('./commands/list.js')).listCommand),
  );

  program.commandsGroup('Existing webhooks:');
  const importing = command('import', 'take over an existing webhook, after reading it from the account')
    .argument('<name>', 'name of the entry')
    .argument('<id>', 'id of the webhook, as the dashboard or `discover` shows it');
  doing(importing, async (_host, invocation) => {
    const { importCommand } = await import('./commands/import.js');
    const [name = '', id = ''] = importing.args;
    return importCommand(host, invocation, { name, id });
  });
  const forgetting = command('forget', 'drop an entry from the state, and leave its webhook alone').argument(
    '<name>',
    'name of the entry',
  );
  doing(forgetting, async (_host, invocation) => {
    const { forgetCommand } = await import('./commands/forget.js');
    return forgetCommand(host, invocation, forgetting.args[0] ?? '');
  });
  doing(
    command(
      'discover',
      'find existing webhooks, and print them as a manifest',
      JSON_OPTION,
      new Option('--from <id>', 'first id to look at, with --to (default: 64 ids on each side of those in the state)'),
      new Option('--to <id>', 'last id to look at'),
      new Option('--write-state', 'take over the webhooks found, under the printed names'),
    ),
    lazily(async () => (await import('./commands/discover.js')).discoverCommand),
  );

  program.commandsGroup('Setup and diagnosis:');
  const state = program.command('state').description('move the state to another place, or update its database');
  const copying = stateCommand('copy', 'move a state between a file and PostgreSQL; the old one then refuses writers')
    .argument('<from>', 'where it is: a path, or a URL like postgres://user@host:5432/database#name')
    .argument('<to>', 'where it goes: there must be no other state there');
  doing(copying, async (_host, invocation) => {
    const { stateCopyCommand } = await import('./commands/state.js');
    const [from = '', to = ''] = copying.args;
    return stateCopyCommand(host, invocation, { from, to });
  });
  doing(
    stateCommand('migrate', 'bring the schema of the database up to date, with a role that may'),
    lazily(async () => (await import('./commands/state.js')).stateMigrateCommand),
  );
  doing(
    command(
      'doctor',
      'check what the other commands depend on: settings, token, state, API, account, handlers; change nothing',
      JSON_OPTION,
      new Option('--no-handlers', 'skip the hosts of the handlers'),
    ),
    lazily(async () => (await import('./commands/doctor.js')).doctorCommand),
  );
  doing(
    command(
      'verify',
      'check, with two webhooks that it creates and deletes, that the account behaves as this program relies on',
      new Option(
        '--handler <url>',
        'handler of these two; its domain must be validated in the account',
      ).makeOptionMandatory(),
      new Option('--database <id>', 'limit the second webhook to this database'),
      JSON_OPTION,
    ),
    lazily(async () => (await import('./commands/verify.js')).verifyCommand),
  );
  doing(
    command(
      'healthcheck',
      'ask the daemon on this machine whether it is alive: for containers',
      new Option('--ready', 'also ask whether it is ready: a run has completed, and the last success is not too old'),
    ),
    lazily(async () => (await import('./commands/healthcheck.js')).healthcheckCommand),
  );
  const schema = program
    .command('schema')
    .description('print the JSON Schema of the manifest, or of what a command prints with --json')
    .addOption(new Option('--of <what>', 'which one').choices(['manifest', ...DOCUMENT_NAMES]).default('manifest'));
  doing(schema, async (_host, _invocation, options: SchemaOptions) =>
    (await import('./commands/schema.js')).schemaCommand(options),
  );
  doing(
    program
      .command('sandbox')
      .description('serve the built-in stand-in for the API on a loopback port, until interrupted')
      .option('--port <number>', 'port to listen on; 0 takes a free one', '8080')
      .option('--fault <spec...>', 'faults in the order given, such as create:after:close or any:before:503*3'),
    async (_host, _invocation, options: SandboxOptions) => {
      const { sandboxCommand } = await import('./commands/sandbox.js');
      return sandboxCommand(host, options);
    },
  );
  const init = program
    .command('init')
    .description('write a manifest to start from, with its JSON Schema beside it; overwrites nothing')
    .argument('[path]', 'where to write it (default: the manifest of the settings, webhooks.yaml)')
    .option('--settings', 'write a settings file instead, with all settings and their defaults')
    .option('--no-schema', 'leave out the JSON Schema, which gives editors completion and checks')
    .addOption(CONFIG_OPTION);
  doing(init, async (_host, invocation, options: InitOptions) => {
    const { initCommand } = await import('./commands/init.js');
    return initCommand(host, invocation, options, init.args[0]);
  });
  const completion = program
    .command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>', 'which one').choices(SHELLS))
    .argument('[words...]', 'what was typed so far, after --: asks what may follow, as the script does');
  doing(completion, async () => {
    const { completionCommand } = await import('./commands/completion.js');
    const [shell, words] = completion.processedArgs as [Shell, string[]];
    return completionCommand(host, program, [shell, ...words]);
  });
  return program.helpCommand('help [command]', 'show the help of a command');
}

/** Commands are loaded on demand: all of them, with what they need, take eight times as long to load as Node. */
function lazily<Options>(load: () => Promise<Body<Options>>): Body<Options> {
  return async (host, invocation, options) => (await load())(host, invocation, options);
}

const CONFIG_OPTION = new Option(
  '--config <path>',
  'settings file (default: config/settings.yaml, when it exists)',
).helpGroup(SETTINGS_GROUP);
const ACCOUNT_OPTION = new Option(
  '--account <name>',
  'one of the accounts of the settings file (default: all of them)',
).helpGroup(SETTINGS_GROUP);
const JSON_OPTION = new Option('--json', 'print one JSON document on stdout');
const FORMAT_OPTION = formatOption({ github: 'annotations for GitHub workflows' });
const PLAN_FORMAT_OPTION = formatOption({
  github: 'annotations for GitHub workflows',
  markdown: 'a comment for a pull request',
});
const APPLY_FORMAT_OPTION = formatOption({ markdown: 'a comment for a pull request' });

function formatOption(formats: Partial<Record<OutputFormat, string>>): Option {
  const about = Object.entries(formats).map(([format, what]) => `${format}: ${what}`);
  return new Option('--format <format>', about.join('; ')).choices(['text', ...Object.keys(formats)]);
}

/** A command's own options come before the settings, which most commands have. */
function settingsCommand(command: Command, name: CommandName, own: readonly Option[]): Command {
  for (const option of own) command.addOption(option);
  for (const setting of Object.values(SETTINGS)) {
    if (setting.commands.includes(name)) addSetting(command, setting);
  }
  return command.addOption(CONFIG_OPTION).addOption(ACCOUNT_OPTION);
}

function addSetting(command: Command, setting: Setting): void {
  if (setting.flag === undefined) return;
  const about = setting.default === undefined ? '' : `; default ${setting.shown ?? String(setting.default)}`;
  const option = new Option(setting.flag, `${setting.help} (${setting.environment}${about})`);
  // Only for help and completion: the settings report invalid values, and where they came from.
  if (setting.choices !== undefined) option.argChoices = [...setting.choices];
  command.addOption(option.helpGroup(SETTINGS_GROUP));
  if (isSwitch(setting)) command.addOption(new Option(`--no-${setting.name}`, `not --${setting.name}`).hideHelp());
}

/** A switch takes no value; its --no- form overrides the environment and the settings file. */
function isSwitch(setting: Setting): boolean {
  return setting.flag?.includes('<') === false;
}

function outputFormat(asked: string | undefined): Invocation['output'] {
  return asked === 'github' || asked === 'markdown' ? asked : 'text';
}

function invocationOf(command: Command): Invocation {
  const options = command.opts<Readonly<Record<string, unknown>>>();
  const text = (attribute: string) => (typeof options[attribute] === 'string' ? options[attribute] : undefined);
  const given = command.options.filter(
    (option) => SETTING_NAMES.includes(option.name()) && command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  const flags = new Map(given.map((option) => [option.name(), String(options[option.attributeName()])]));
  return {
    command: nameOf(command),
    flags,
    settingsFile: text('config'),
    account: text('account'),
    output: options.json === true ? 'json' : outputFormat(text('format')),
  };
}

/** Includes the group of the command: `state copy`. */
function nameOf(command: Command): string {
  const group = command.parent?.parent === null ? undefined : command.parent?.name();
  return [group, command.name()].filter((name) => name !== undefined).join(' ');
}
