import { fileURLToPath } from 'node:url';
import type { Finished, Running, Workplace } from './cli.js';

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
  /** What V8 kept for young objects at the end. */
  readonly youngBytes: number;
}

/** Runs a command and tells what it loaded: counts, which are the same on every machine, where times are not. */
export async function runLoaded(place: Workplace, ...args: string[]): Promise<Loaded> {
  return loadedBy(await startLoaded(place, ...args).finished);
}

/** Starts a command that `loadedBy` tells about when it has ended. */
export function startLoaded(place: Workplace, ...args: string[]): Running {
  place.environment.NODE_OPTIONS = `--require ${COUNTER}`;
  try {
    return place.start(...args);
  } finally {
    delete place.environment.NODE_OPTIONS;
  }
}

export function loadedBy({ code, stdout, stderr }: Finished): Loaded {
  const line = stderr.split('\n').find((text) => text.startsWith('loaded: ')) ?? 'loaded: null';
  const { files, ...counts } = JSON.parse(line.slice('loaded: '.length)) as {
    files: string[];
    builtins: string[];
    refused: number;
    youngBytes: number;
  };
  const chunks = files.flatMap((file) => /\/dist\/(?:chunks\/)?([^/]+?)(?:-[\w-]{8})?\.js$/.exec(file)?.[1] ?? []);
  const compiled = files.filter((file) => file.includes('/compiled/')).length;
  return { code, stdout, chunks, compiled, ...counts };
}
