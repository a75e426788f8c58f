import { type JournalFile, type JournalFiles, realFiles } from '../../../src/state/journal-files.js';

export type Call = 'open' | 'stat' | 'rename' | 'remove' | 'syncFolder' | 'write' | 'datasync' | 'truncate' | 'chmod';

/** The real file system, with every call counted and any of them made to fail or to wait. */
export class FaultyFiles implements JournalFiles {
  readonly calls: Call[] = [];
  /** Called before each call; what it throws is what the call fails with. */
  before: (call: Call) => void | Promise<void> = () => undefined;
  /** Most bytes that one write takes. */
  mostBytes = Number.POSITIVE_INFINITY;

  count(call: Call): number {
    return this.calls.filter((made) => made === call).length;
  }

  async open(path: string, flags: 'r' | 'r+' | 'wx+'): Promise<JournalFile> {
    await this.#enter('open');
    return this.#wrap(await realFiles.open(path, flags));
  }

  async stat(path: string) {
    await this.#enter('stat');
    return realFiles.stat(path);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#enter('rename');
    await realFiles.rename(from, to);
  }

  async remove(path: string): Promise<void> {
    await this.#enter('remove');
    await realFiles.remove(path);
  }

  async syncFolder(path: string): Promise<void> {
    await this.#enter('syncFolder');
    await realFiles.syncFolder(path);
  }

  #wrap(file: JournalFile): JournalFile {
    return {
      ...file,
      write: async (bytes, from, position) => {
        await this.#enter('write');
        return file.write(bytes.subarray(0, Math.min(bytes.length, from + this.mostBytes)), from, position);
      },
      datasync: async () => {
        await this.#enter('datasync');
        await file.datasync();
      },
      truncate: async (length) => {
        await this.#enter('truncate');
        await file.truncate(length);
      },
      chmod: async (mode) => {
        await this.#enter('chmod');
        await file.chmod(mode);
      },
    };
  }

  async #enter(call: Call): Promise<void> {
    this.calls.push(call);
    await this.before(call);
  }
}

/** An error as the system gives it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made by the test`), { code });
}
