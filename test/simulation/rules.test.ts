import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LEASE_SABOTAGES, RULE_SABOTAGES, type RuleSabotage } from './rules.js';

const PATIENCE_MS = 3_600_000;
/** In `npm test` one stands for all; at night each is tried. */
const ALL = process.env.OUTAGES !== undefined;
const CHOSEN = Object.entries(RULE_SABOTAGES).filter(([rule]) => ALL || /^2: what looks alike/.test(rule));

/** The simulation in one file, with the rule taken out. */
async function bundled({ file, replace, by }: RuleSabotage, main = 'outages-main.ts'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'copernica-webhooks-rules-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  let times = 0;
  const plugin = {
    name: 'without-the-rule',
    transform(code: string, id: string) {
      if (!id.endsWith(`/${file}`)) return null;
      times = code.split(replace).length - 1;
      return code.replace(replace, by);
    },
  };
  const input = fileURLToPath(new URL(main, import.meta.url));
  const external = [/^fast-check/, /^pino/, /^undici/, /^pg/];
  const bundle = await rolldown({ input, platform: 'node', plugins: [plugin], external });
  // Beside the packages that it loads.
  const out = fileURLToPath(new URL(`../../node_modules/.rules/${folder.split('-').at(-1)}.mjs`, import.meta.url));
  await bundle.write({ file: out, format: 'esm' });
  await bundle.close();
  onTestFinished(() => rm(out, { force: true }));
  expect(times, `${file} has the rule that is to be taken out, once`).toBe(1);
  return out;
}

/** Enough for each rule to be missed; some are only in a few of a thousand. */
const HISTORIES = '6000';
const HISTORIES_WITH_ALL_RULES = ALL ? '600' : '4';

function exitCodeOf(program: string, { shows, seed }: RuleSabotage, histories = HISTORIES): Promise<number | null> {
  const env = { ...process.env, SHOWS: shows.source, HISTORIES: histories, ...(seed ? { FC_SEED: String(seed) } : {}) };
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return new Promise((resolve) => child.on('close', (code) => resolve(code)));
}

const NOTHING: RuleSabotage = { file: 'src/concurrent.ts', replace: 'failures[0]', by: 'failures[0]', shows: /./ };

describe('the simulation notices a rule that is taken out:', () => {
  it('none, and it notices nothing', { timeout: PATIENCE_MS }, async () => {
    expect(await exitCodeOf(await bundled(NOTHING), NOTHING, HISTORIES_WITH_ALL_RULES)).toBe(1);
  });

  it.each(CHOSEN)('%s', { timeout: PATIENCE_MS }, async (_rule, sabotage) => {
    expect(await exitCodeOf(await bundled(sabotage), sabotage)).toBe(0);
  });

  it.each(Object.entries(LEASE_SABOTAGES).slice(0, ALL ? undefined : 1))(
    'of several processes, %s',
    { timeout: PATIENCE_MS },
    async (_rule, sabotage) => {
      expect(await exitCodeOf(await bundled(sabotage, 'replicas-main.ts'), sabotage)).toBe(0);
    },
  );
});
