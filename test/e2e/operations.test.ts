import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Sandbox } from '../../src/sandbox/server.js';
import { fileStore } from '../../src/state/file/store.js';
import { Workplace } from '../helpers/cli.js';
import { NIGHT } from '../helpers/night.js';
import { readPage, sectionOf, stepsOf } from '../helpers/page.js';
import { openSandbox } from '../helpers/sandbox.js';

const PAGE = readPage('operations.md');
const COMMAND = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const STATE = 'webhooks.state.jsonl';
const MANIFEST = `webhooks:
  - name: profile-created
    handler: https://hooks.example.com/created
    trigger: create
`;
const UPDATED = `  - name: profile-updated
    handler: https://hooks.example.com/updated
    trigger: update
`;
const LIMITED = `  - name: customer-created
    handler: https://hooks.example.com/customers
    trigger: create
    database: 1017
`;

interface Scene {
  readonly sandbox: Sandbox;
  readonly place: Workplace;
}

async function applied({ place }: Scene, manifest: string, ...flags: string[]): Promise<void> {
  await place.write('webhooks.yaml', manifest);
  const { stderr } = await place.run('apply', '--settle', '0', ...flags);
  expect(stderr).not.toMatch(/internal error|no access token/);
}

/** By heading: how things come to be as that section of the page begins. */
const SCENES: Readonly<Record<string, (scene: Scene) => Promise<void>>> = {
  Uncertain: async (scene) => {
    await applied(scene, MANIFEST, '--init');
    scene.sandbox.orderFault('create:after:close');
    // Not found where it is looked for, so it stays: as with an API whose reads fail.
    scene.sandbox.orderFault('read:before:400*200');
    await applied(scene, MANIFEST + UPDATED, '--on-uncertain', 'hold', '--no-refresh');
    scene.sandbox.model.clearFaults();
  },
  'Possibly duplicated': async (scene) => {
    scene.sandbox.orderFault('create:before:close');
    await applied(scene, MANIFEST + UPDATED, '--init', '--scan-limit', '500');
  },
  Orphaned: async (scene) => {
    await applied(scene, MANIFEST + UPDATED, '--init');
    await scene.place.write('webhooks.yaml', MANIFEST);
  },
  Drift: async (scene) => {
    await applied(scene, MANIFEST + UPDATED, '--init');
    scene.sandbox.model.changeByHand(1894, { trigger: 'open' });
    scene.sandbox.model.removeByHand(1895, Date.now());
  },
  'The wrong account': async (scene) => {
    await applied(scene, MANIFEST, '--init');
    scene.place.environment.COPERNICA_ACCESS_TOKEN = 'token-of-another-account';
  },
  'The lock is held': async (scene) => {
    await applied(scene, MANIFEST, '--init');
    const holder = { pid: 4711, host: 'web1', command: 'run', since: '2026-11-23T10:00:00.000Z' };
    const lock = await fileStore(scene.place.path(STATE)).take({ timeoutMs: 0, holder });
    onTestFinished(() => lock.release());
  },
  'The state is lost': async (scene) => {
    await applied(scene, MANIFEST + UPDATED + LIMITED, '--init');
    await rm(scene.place.path(STATE));
  },
};

/** Those whose commands mend it: nothing is left to do then, nothing in doubt, and nothing there twice. */
const WAYS_OUT = new Set(['Uncertain', 'Possibly duplicated', 'Orphaned', 'Drift', 'The state is lost']);

const BY_DAY = new Set(['The wrong account', 'The lock is held']);

/** `…` on the page stands for anything within a line. */
function asPattern(output: string): RegExp {
  const parts = output.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

async function openScene(): Promise<Scene> {
  const identity = (id: string) => ({ id, name: '', description: '', company: '' });
  const sandbox = await openSandbox({
    accounts: [
      { token: 'token-of-the-account', identity: identity('34') },
      { token: 'token-of-another-account', identity: identity('77') },
    ],
  });
  const place = await Workplace.open(sandbox);
  place.environment.COPERNICA_WEBHOOKS_LOG_LEVEL = 'error';
  await mkdir(place.path('bin'));
  await writeFile(place.path('bin/copernica-webhooks'), `#!/bin/sh\nexec "${process.execPath}" "${COMMAND}" "$@"\n`, {
    mode: 0o755,
  });
  return { sandbox, place };
}

/** As in a terminal: both streams, the sandbox by the name of the real API. */
function inShell({ sandbox, place }: Scene, command: string): Promise<string> {
  const env = { PATH: `${place.path('bin')}:${process.env.PATH}`, TZ: 'UTC', ...place.environment };
  return new Promise((resolve) => {
    execFile('sh', ['-c', `{ ${command}; } 2>&1`], { cwd: place.folder, env }, (_error, stdout) => {
      resolve(stdout.replaceAll(sandbox.url, 'https://api.copernica.com').trimEnd());
    });
  });
}

describe('docs/operations.md', () => {
  it('shows no output that is not tried', () => {
    const shown = PAGE.split(/^## /m)
      .filter((text) => text.includes('```console'))
      .map((text) => text.split('\n')[0]);
    expect(shown).toEqual(Object.keys(SCENES));
  });

  it.each(Object.entries(SCENES).filter(([heading]) => NIGHT || BY_DAY.has(heading)))(
    'prints what the page shows: %s',
    async (heading, setUp) => {
      const scene = await openScene();
      await setUp(scene);
      const steps = stepsOf(sectionOf(PAGE, heading));
      expect(steps.length).toBeGreaterThan(0);
      for (const { command, output } of steps) {
        const said = await inShell(scene, command);
        if (!asPattern(output).test(said)) expect(said, command).toBe(output);
      }
      if (!WAYS_OUT.has(heading)) return;
      expect(await inShell(scene, 'copernica-webhooks plan')).toMatch(/\nNothing to do: [123] unchanged$/);
      const handlers = scene.sandbox.account().map(({ handler }) => handler);
      expect(new Set(handlers).size).toBe(handlers.length);
    },
  );

  it('makes no webhook a second time after a lost state, whatever is typed besides', async () => {
    const sandbox = await openSandbox();
    const place = await Workplace.open(sandbox);
    await SCENES['The state is lost']?.({ sandbox, place });
    const before = sandbox.account();
    const type = (command: string) => place.run(...command.split(' ').slice(1));
    const commands = stepsOf(sectionOf(PAGE, 'The state is lost')).map(({ command }) => command);
    const settling = commands.filter((command) => command.includes(' import '));
    expect(settling).toHaveLength(1);
    for (const command of commands.filter((one) => !settling.includes(one))) await type(command);
    for (const flags of ['--force', '--prune --force', '--retry']) {
      expect(await type(`copernica-webhooks apply ${flags}`)).toMatchObject({ code: 4 });
    }
    expect(sandbox.account()).toEqual(before);
    for (const command of settling) await type(command);
    expect(await place.json('apply')).toMatchObject({ code: 0, document: { summary: { none: 3, orphaned: 0 } } });
    expect(sandbox.account()).toEqual(before);
  });
});
