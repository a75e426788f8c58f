import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where Debian's package `libfaketime` (which comes with `faketime`) has it, on each architecture. */
const FOLDERS = existsSync('/usr/lib') ? readdirSync('/usr/lib').map((name) => `/usr/lib/${name}/faketime`) : [];
/** libfaketime puts an offset on the clocks that a process asks; undefined: it is not installed. */
export const FAKETIME = FOLDERS.map((folder) => join(folder, 'libfaketimeMT.so.1')).find((path) => existsSync(path));

/** The time of day of processes, which can be set while they run, as an administrator sets it. Other clocks go on. */
export class WallClock {
  /** For the processes that go by it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #file: string;

  /** `folder`: where it may leave a file. */
  constructor(folder: string) {
    this.#file = join(folder, 'clock');
    this.environment = { ...ONLY_TIME_OF_DAY, FAKETIME_TIMESTAMP_FILE: this.#file };
    this.setAhead(0);
  }

  /** Why there can be none on this machine, or null. */
  static whyNot(): string | null {
    if (FAKETIME === undefined) return 'faketime is not installed';
    const env = { PATH: process.env.PATH ?? '', ...ONLY_TIME_OF_DAY, FAKETIME: '+3600' };
    const { stdout } = spawnSync(process.execPath, ['-p', 'Date.now()'], { env, encoding: 'utf8' });
    return Number(stdout) - Date.now() < 3_000_000 ? 'libfaketime has no effect on this Node' : null;
  }

  /** Puts it so far ahead of the machine's. */
  setAhead(ms: number): void {
    writeFileSync(`${this.#file}.new`, `${ms < 0 ? '' : '+'}${(ms / 1_000).toFixed(3)}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }
}

const ONLY_TIME_OF_DAY = { LD_PRELOAD: FAKETIME ?? '', FAKETIME_NO_CACHE: '1', DONT_FAKE_MONOTONIC: '1' };
