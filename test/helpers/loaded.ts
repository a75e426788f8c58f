import { fileURLToPath } from 'node:url';
import type { Workplace } from './cli.js';

/** Put before a command, it writes what the process loaded to descriptor 2 when it ends. */
const COUNTER = fileURLToPath(new URL('loaded.cjs', import.meta.url));

export interface Loaded {
  readonly code: number | null;
  readonly stdout: string;
  /** Files of the bundle that were read, without folder and hash: `main`, `cli`, `yaml`. */
  readonly chunks: readonly string[];
  /** Compiled forms that were read. */
  readonly compiled: number;
  /** Of them, those that V8 refused: they cost time and help nothing. */
  readonly refused: number;
  /** Modules of Node that were asked for. */
  readonly builtins: readonly string[];
}

/** Runs a command and tells what it loaded: counts, which are the same on every machine, where times are not. */
export async function runLoaded(place: Workplace, ...args: string[]): Promise<Loaded> {
  place.environment.NODE_OPTIONS = `--require ${COUNTER}`;
  try {
    const { code, stdout, stderr } = await place.run(...args);
    const line = stderr.split('\n').find((text) => text.startsWith('loaded: ')) ?? 'loaded: null';
    const { files, builtins, refused } = JSON.parse(line.slice('loaded: '.length)) as {
      files: string[];
      builtins: string[];
      refused: number;
    };
    const bundle = files.flatMap((file) => /\/dist\/(?:chunks\/)?([^/]+?)(?:-[\w-]{8})?\.js$/.exec(file)?.[1] ?? []);
    return {
      code,
      stdout,
      chunks: bundle,
      compiled: files.filter((file) => file.includes('/compiled/')).length,
      refused,
      builtins,
    };
  } finally {
    delete place.environment.NODE_OPTIONS;
  }
}
