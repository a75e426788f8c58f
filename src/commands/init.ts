import { mkdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode, type Problem, productError } from '../errors.js';
import type { Host } from '../host.js';
import { manifestJsonSchema } from '../manifest/json-schema.js';
import { starterManifest } from '../manifest/starter.js';
import { DEFAULT_SETTINGS_FILE, loadSettings } from '../settings/load.js';
import { SETTINGS } from '../settings/schema.js';
import { settingsFileText } from '../settings/starter.js';
import { columns, padColumns } from '../text/width.js';
import type { CommandResult, Invocation } from './command.js';

const DEFAULT_MANIFEST = String(SETTINGS.file.default);

export interface InitOptions {
  /** Write a settings file instead of a manifest. */
  readonly settings?: true;
  /** Also write the JSON Schema beside the manifest. */
  readonly schema: boolean;
}

/** init: writes a starting point, by default where the program looks for it. Overwrites nothing. */
export function initCommand(
  host: Host,
  { settingsFile }: Invocation,
  { settings, schema }: InitOptions,
  path: string | undefined,
): Promise<CommandResult> {
  if (settings) return writeSettings(path ?? settingsFile ?? DEFAULT_SETTINGS_FILE);
  return writeStarter(host, path, { schema, settingsFile });
}

async function writeSettings(target: string): Promise<CommandResult> {
  await writeNew(target, settingsFileText());
  const use = target === DEFAULT_SETTINGS_FILE ? '' : ` --config ${target}`;
  return { text: `${target} written\n\nNext: edit it, then\n  copernica-webhooks validate${use}\n` };
}

async function writeStarter(
  host: Host,
  asked: string | undefined,
  options: { readonly schema: boolean; readonly settingsFile: string | undefined },
): Promise<CommandResult> {
  const manifest = asked ?? (await settingFile(host, options.settingsFile));
  const path = (await isFolder(manifest)) ? join(manifest, DEFAULT_MANIFEST) : manifest;
  const schema = options.schema ? schemaPathFor(path) : null;
  await writeNew(path, starterManifest(schema === null ? null : basename(schema)));
  const wrote = schema === null ? null : await writeSchema(schema);
  const lines = [`${path} written`, ...(wrote?.written ? [`${schema} written: its JSON Schema, for editors`] : [])];
  return {
    text: `${lines.join('\n')}\n\n${nextSteps(path, manifest)}`,
    problems: wrote?.warning ? [wrote.warning] : [],
  };
}

async function settingFile(host: Host, settingsFile: string | undefined): Promise<string> {
  const { common } = await loadSettings({ flags: new Map(), environment: host.environment, settingsFile });
  return common.settings.file;
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (about) => about.isDirectory(),
    () => false,
  );
}

/** `webhooks.yaml` → `webhooks.schema.json`, in the same folder. */
function schemaPathFor(path: string): string {
  return join(dirname(path), `${basename(path).replace(/\.ya?ml$/i, '')}.schema.json`);
}

/** An existing schema is left alone: it is the same, or somebody's own. */
async function writeSchema(path: string): Promise<{ readonly written: boolean; readonly warning?: Problem }> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    await writeNew(path, `${JSON.stringify(manifestJsonSchema(), null, 2)}\n`);
    return { written: true };
  }
  const warning: Problem = {
    code: 'schema-kept',
    severity: 'warning',
    message: `${path} exists already and was left as it is`,
    remedy: `if an older version wrote it: copernica-webhooks schema > ${path}`,
  };
  return { written: false, warning };
}

/** Creates the file and its folders. Throws ProductError of kind `input` if it exists or can't be created. */
async function writeNew(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { flag: 'wx' });
  } catch (error) {
    const code = errorCode(error) || String(error);
    if (code === 'EEXIST' && error instanceof Error && 'syscall' in error && error.syscall === 'open') {
      throw productError('input', {
        code: 'file-exists',
        message: `${path} exists already and is not overwritten`,
        remedy: 'name another path, such as: copernica-webhooks init other.yaml',
      });
    }
    throw productError(
      'input',
      {
        code: 'file-unwritable',
        message: `${path} can't be written (${code})`,
        remedy: 'check the folder and its permissions, or name another path',
      },
      { cause: error },
    );
  }
}

/** The usual width. Commands that are longer have their description on a separate line. */
const TERMINAL_COLUMNS = 80;

function nextSteps(path: string, manifest: string): string {
  const file = manifest === DEFAULT_MANIFEST ? '' : ` --file ${manifest}`;
  const steps = [
    [`write your webhooks into ${path}`],
    [`copernica-webhooks validate${file}`],
    [`copernica-webhooks apply${file} --sandbox`, 'tries it, without an account'],
    ['export COPERNICA_ACCESS_TOKEN=…', 'from the Copernica dashboard'],
    [`copernica-webhooks plan${file}`, 'shows what would be done'],
    [`copernica-webhooks apply${file} --init`, 'does it; --init: for the first time'],
  ] as const;
  const width = Math.max(...steps.map(([step, about]) => (about === undefined ? 0 : columns(step))));
  const isNarrow = steps.every(([, about = '']) => columns(`  1. ${about}   `) + width <= TERMINAL_COLUMNS);
  const lines = steps.map(([step, about], index) => {
    const told = isNarrow ? `${padColumns(step, width)}   ${about}` : `${step}\n       ${about}`;
    return `  ${index + 1}. ${about === undefined ? step : told}\n`;
  });
  return `Next:\n${lines.join('')}`;
}
