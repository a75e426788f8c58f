import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { transformSync } from 'rolldown/utils';
import { onTestFinished } from 'vitest';
import { aFolder } from './folders.js';

const ROOT = resolve(import.meta.dirname, '../../..');

/** The state's code as JavaScript that plain Node runs, made from the source as it is now: by path. */
async function compiled(): Promise<ReadonlyMap<string, string>> {
  const files = await readdir(join(ROOT, 'src/state'), { recursive: true });
  const state = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
  const made = new Map<string, string>();
  for (const file of ['errors.ts', 'webhook.ts', 'text/parse-url.ts', ...state.map((name) => join('state', name))]) {
    const source = await readFile(join(ROOT, 'src', file), 'utf8');
    made.set(file.replace(/\.ts$/, '.js'), transformSync(file, source).code);
  }
  return made;
}

let once: Promise<ReadonlyMap<string, string>> | undefined;

/** A folder with the compiled code. */
export async function compiledState(): Promise<string> {
  once ??= compiled();
  const folder = await aFolder();
  for (const [file, text] of await once) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** A process of its own that runs `code`, an ES module's text, in the folder; killed at the end of the test. */
export class Child {
  readonly process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly ended: Promise<number | NodeJS.Signals | null>;

  constructor(command: string, args: readonly string[], folder: string) {
    this.process = spawn(command, args, { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
    const { stdout } = this.process;
    if (stdout === null) throw new Error('no output');
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    this.ended = new Promise((done) => this.process.once('close', (code, signal) => done(code ?? signal)));
    onTestFinished(async () => {
      this.process.kill('SIGKILL');
      await this.ended;
    });
  }

  /** The next line that it prints; null when it has ended. */
  async line(): Promise<string | null> {
    const { done, value } = await this.#lines.next();
    return done === true ? null : value;
  }

  async remainingLines(): Promise<string[]> {
    const lines: string[] = [];
    for (let line = await this.line(); line !== null; line = await this.line()) lines.push(line);
    return lines;
  }
}

export async function runNode(folder: string, code: string): Promise<Child> {
  const file = join(folder, `child-${Math.random().toString(36).slice(2)}.mjs`);
  await writeFile(file, code);
  return new Child(process.execPath, [file], folder);
}
