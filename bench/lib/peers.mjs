// What else there is on this machine to compare with. Each is { what, missing, folder? }: `missing` says why it is not
// measured, or is null.
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ALCHEMY_VERSION = '0.94.0';
const INSTALL_TIMEOUT_MS = 180_000;
const exec = promisify(execFile);

export async function findPeers(folder, { install }) {
  const [curl, jq, xargs] = await Promise.all([tool('curl'), tool('jq'), tool('xargs')]);
  const missing = [curl, jq, xargs].flatMap((one) => one.missing ?? []).join(', ');
  return {
    curl,
    shell: { what: jq.what, missing: missing === '' ? null : missing },
    alchemy: install ? await installAlchemy(join(folder, 'alchemy')) : absent('alchemy', 'left out of this run'),
  };
}

const absent = (name, why) => ({ what: `${name} not measured: ${why}`, missing: why });

async function tool(name) {
  try {
    const { stdout } = await exec(name, ['--version']);
    return { what: stdout.split('\n', 1)[0].split(' ', 2).join(' '), missing: null };
  } catch {
    return absent(name, `${name} is not on this machine`);
  }
}

/** npm's alchemy is installed for the length of a bench, and never becomes a dependency. */
async function installAlchemy(folder) {
  mkdirSync(folder, { recursive: true });
  const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', '--engine-strict=false'];
  try {
    await exec('npm', [...args, `alchemy@${ALCHEMY_VERSION}`], { cwd: folder, timeout: INSTALL_TIMEOUT_MS });
    return { what: `alchemy ${ALCHEMY_VERSION}`, missing: null, folder };
  } catch (error) {
    const said = String(error.stderr ?? error.message).split('\n', 1)[0];
    return absent('alchemy', error.killed ? `not installed within ${INSTALL_TIMEOUT_MS / 1000} s` : said);
  }
}
