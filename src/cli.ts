import { Argument, Command, CommanderError, Option } from 'commander';
import type { Invocation } from './commands/command.js';
import { SHELLS, type Shell } from './completion/shells.js';
import type { ProblemCode } from './error-codes.js';
import type { Host } from './host.js';
import { printableJson, printableLines } from './manifest/printable.js';
import { EXIT } from './output/exit-code.js';
import { type CommandName, SETTINGS, type Setting } from './settings/schema.js';

const DESCRIPTIONS: Readonly<Record<CommandName, string>> = {
  validate: 'check the manifest and the settings; needs no token and no network',
  plan: 'show what apply would do, and change nothing',
  apply: 'make the account as the manifest says, once: for cron and CI',
  run: 'the daemon: reconcile at start, on every change of the manifest, and on the schedule',
  list: 'show what the state holds',
  import: 'take over a webhook that exists already, after reading it',
  discover: 'find webhooks that exist already, and print them as a manifest',
  forget: 'drop an entry from the state, and leave its webhook alone',
  doctor: 'check what the others stand on: settings, token, state, API, account, handlers; change nothing',
  healthcheck: 'ask the daemon of this machine whether it lives: for containers',
};

/** Apart from what only one command has, so that it is found among them. */
const SETTINGS_GROUP = 'Settings:';

const HELP_FOOTER = `
Settings come from flags, then environment variables, then a settings file (--config, default config/settings.yaml).
The access token is read from COPERNICA_ACCESS_TOKEN, or from the file that COPERNICA_ACCESS_TOKEN_FILE names.

Exit codes: 0 done · 1 failed, wholly or for some entries · 2 there are changes (plan --detailed-exitcode)
            3 manifest, settings, token or usage are wrong · 4 refused by a guard`;

/** Parses the command line, runs the command and returns the exit code. Commands are loaded when they are called. */
export async function runCli(host: Host, args: readonly string[]): Promise<number> {
  let code: number = EXIT.done;
  const finish = (result: number) => {
    code = result;
  };
  const program = buildProgram(host, finish);
  try {
    await program.parseAsync(args, { from: 'user' });
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
  const [message, remedy] = error.message.replace(/^error: /, '').split('\n');
  const place = { name: null, file: null, line: null, column: null };
  return {
    errors: [{ code: 'usage' satisfies ProblemCode, message, remedy: remedy ?? 'see --help', ...place }],
    warnings: [],
  };
}

/** The command line. `finish` is told the exit code of the command that ran. */
export function buildProgram(host: Host, finish: (code: number) => void): Command {
  // A usage error quotes the command line, which may hold the token by mistake.
  const program = new Command('copernica-webhooks')
    .description('Keeps the webhooks of a Copernica account as a YAML file in git.')
    .version(host.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: (text) => host.stderr.write(printableLines(host.secrets.redact(text))),
    })
    .configureHelp({ groupItems: settingsLast })
    .showHelpAfterError('(see --help)')
    .addHelpText('after', HELP_FOOTER);

  const command = (name: CommandName) => settingsCommand(program, name);
  program.commandsGroup('Every day:');
  command('validate')
    .addOption(jsonOption())
    .addOption(formatOption())
    .action(async (_options, called: Command) => {
      const { validateCommand } = await import('./commands/validate.js');
      finish(await validateCommand(host, invocationOf(called, 'validate')));
    });
  command('plan')
    .addOption(jsonOption())
    .addOption(formatOption())
    .option('--detailed-exitcode', 'end with code 2 when there are changes')
    .option('--against <path>', 'compare with another manifest, instead of state and account: for pull requests')
    .action(async (options: { detailedExitcode?: boolean; against?: string }, called: Command) => {
      const { planCommand } = await import('./commands/plan.js');
      const detailedExitCode = options.detailedExitcode === true;
      finish(await planCommand(host, invocationOf(called, 'plan'), { detailedExitCode, against: options.against }));
    });
  command('apply')
    .addOption(jsonOption())
    .option(
      '--force',
      'delete past the deletion limit, and believe that everything is gone; never past the account check',
    )
    .option('--retry', 'send one create now, although answers to creates were lost lately')
    .action(async ({ force = false, retry = false }: { force?: boolean; retry?: boolean }, called: Command) => {
      const { applyCommand } = await import('./commands/apply.js');
      finish(await applyCommand(host, invocationOf(called, 'apply'), { force, retry }));
    });
  command('run').action(async (_options, called: Command) => {
    const { runCommand } = await import('./commands/run.js');
    finish(await runCommand(host, invocationOf(called, 'run')));
  });
  command('list')
    .addOption(jsonOption())
    .action(async (_options, called: Command) => {
      const { listCommand } = await import('./commands/list.js');
      finish(await listCommand(host, invocationOf(called, 'list')));
    });
  program.commandsGroup('Webhooks that are there already:');
  command('import')
    .argument('<name>', 'name of the entry')
    .argument('<id>', 'id of the webhook, as the dashboard or `discover` shows it')
    .action(async (name: string, id: string, _options, called: Command) => {
      const { importCommand } = await import('./commands/import.js');
      finish(await importCommand(host, invocationOf(called, 'import'), { name, id }));
    });
  command('forget')
    .argument('<name>', 'name of the entry')
    .action(async (name: string, _options, called: Command) => {
      const { forgetCommand } = await import('./commands/forget.js');
      finish(await forgetCommand(host, invocationOf(called, 'forget'), name));
    });
  command('discover')
    .addOption(jsonOption())
    .option('--from <id>', 'first id to look at, with --to')
    .option('--to <id>', 'last id to look at')
    .option('--write-state', 'take over what is found, under the names that are printed')
    .action(async (options: { from?: string; to?: string; writeState?: boolean }, called: Command) => {
      const { discoverCommand } = await import('./commands/discover.js');
      const { from, to, writeState = false } = options;
      finish(await discoverCommand(host, invocationOf(called, 'discover'), { from, to, writeState }));
    });
  program.commandsGroup('Setting up, and finding out:');
  command('doctor')
    .addOption(jsonOption())
    .option('--no-handlers', 'leave out the hosts of the handlers')
    .action(async (options: { handlers: boolean }, called: Command) => {
      const { doctorCommand } = await import('./commands/doctor.js');
      finish(await doctorCommand(host, invocationOf(called, 'doctor'), { handlers: options.handlers }));
    });
  command('healthcheck')
    .option('--ready', 'ask whether it is ready, too: a complete run was made, and the last success is not too old')
    .action(async (options: { ready?: boolean }, called: Command) => {
      const { healthcheckCommand } = await import('./commands/healthcheck.js');
      const invocation = invocationOf(called, 'healthcheck');
      finish(await healthcheckCommand(host, invocation, { ready: options.ready === true }));
    });
  program
    .command('schema')
    .description('print the JSON Schema of the manifest')
    .action(async () => {
      const { schemaCommand } = await import('./commands/schema.js');
      finish(await schemaCommand(host));
    });
  program
    .command('sandbox')
    .description('serve the built-in stand-in for the API on a loopback port, until interrupted')
    .option('--port <number>', 'port to listen on; 0 takes a free one', '8080')
    .option('--fault <spec...>', 'faults in the order given, such as create:after:close or any:before:503*3')
    .action(async (options: { port: string; fault?: string[] }) => {
      const { sandboxCommand } = await import('./commands/sandbox.js');
      finish(await sandboxCommand(host, { port: options.port, faults: options.fault ?? [] }));
    });
  addSetupCommands(program, host, finish);
  return program.helpCommand('help [command]', 'show the help of a command');
}

/** What is needed before the first run, and to type less. */
function addSetupCommands(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('init')
    .description('write a manifest to start from, with its JSON Schema beside it; overwrites nothing')
    .argument('[path]', 'where to write it (default: the manifest of the settings, webhooks.yaml)')
    .option('--settings', 'write a settings file instead, with all settings and their defaults')
    .option('--no-schema', 'write no JSON Schema, which gives completion and checks in editors')
    .addOption(configOption())
    .action(async (path: string | undefined, options: { settings?: true; schema: boolean; config?: string }) => {
      const { initCommand } = await import('./commands/init.js');
      const { settings = false, schema, config } = options;
      finish(await initCommand(host, { path, settings, schema, settingsFile: config }));
    });
  program
    .command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>', 'which one').choices(SHELLS))
    .argument('[words...]', 'what was typed so far, after --: asks what may follow, as the script does')
    .action(async (shell: Shell, words: string[]) => {
      const { completionCommand } = await import('./commands/completion.js');
      const { describeProgram } = await import('./completion/program.js');
      finish(completionCommand(host, { shell, words, program: describeProgram(buildProgram(host, finish)) }));
    });
}

function settingsCommand(program: Command, name: CommandName): Command {
  const command = program.command(name).description(DESCRIPTIONS[name]);
  for (const setting of Object.values(SETTINGS)) {
    if (setting.commands.includes(name)) addSetting(command, setting);
  }
  return command
    .addOption(configOption())
    .addOption(
      new Option('--account <name>', 'one of the accounts of the settings file (default: all of them)').helpGroup(
        SETTINGS_GROUP,
      ),
    );
}

function addSetting(command: Command, setting: Setting): void {
  if (setting.flag === undefined) return;
  const about = setting.default === undefined ? '' : `; default ${setting.shown ?? String(setting.default)}`;
  const option = new Option(setting.flag, `${setting.help} (${setting.environment}${about})`);
  // For help and completion alone: what is wrong is told by the settings, with where it came from.
  if (setting.choices !== undefined) option.argChoices = [...setting.choices];
  command.addOption(option.helpGroup(SETTINGS_GROUP));
  if (isSwitch(setting)) command.addOption(new Option(`--no-${setting.name}`).hideHelp());
}

/** What only one command has comes before the settings, which most have. */
function settingsLast<T>(_all: readonly T[], shown: readonly T[], groupOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of shown) groups.set(groupOf(item), [...(groups.get(groupOf(item)) ?? []), item]);
  const settings = groups.get(SETTINGS_GROUP);
  groups.delete(SETTINGS_GROUP);
  return settings === undefined ? groups : groups.set(SETTINGS_GROUP, settings);
}

/** A switch takes no value, and has a --no- form that overrides the environment and the settings file. */
function isSwitch(setting: Setting): boolean {
  return setting.flag?.includes('<') === false;
}

function configOption(): Option {
  const about = 'settings file (default: config/settings.yaml, when it exists)';
  return new Option('--config <path>', about).helpGroup(SETTINGS_GROUP);
}

function jsonOption(): Option {
  return new Option('--json', 'print one JSON document on stdout');
}

function formatOption(): Option {
  return new Option('--format <format>', 'github: print annotations for GitHub workflows').choices(['text', 'github']);
}

function invocationOf(command: Command, name: CommandName): Invocation {
  const flags = new Map<string, string>();
  for (const setting of Object.values(SETTINGS)) {
    const attribute = setting.name.replace(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());
    if (command.getOptionValueSource(attribute) === 'cli') {
      flags.set(setting.name, String(command.getOptionValue(attribute)));
    }
  }
  const text = (attribute: string) => {
    const value: unknown = command.getOptionValue(attribute);
    return typeof value === 'string' ? value : undefined;
  };
  const github = text('format') === 'github';
  return {
    command: name,
    flags,
    settingsFile: text('config'),
    account: text('account'),
    output: command.getOptionValue('json') === true ? 'json' : github ? 'github' : 'text',
  };
}
