import { type Disk, type OpenFile, realDisk } from '../../../src/state/file/disk.js';

export type Call = 'open' | 'stat' | 'rename' | 'remove' | 'syncFolder' | 'write' | 'datasync' | 'truncate' | 'chmod';

/** The real disk, with every call counted and any of them made to fail or to wait. */
export class FaultyDisk implements Disk {
  readonly calls: Call[] = [];
  /** Called before each call; what it throws is what the call fails with. */
  before: (call: Call) => void | Promise<void> = () => undefined;

  count(call: Call): number {
    return this.calls.filter((made) => made === call).length;
  }

  readonly stat = this.#faulty('stat', realDisk.stat);
  readonly rename = this.#faulty('rename', realDisk.rename);
  readonly remove = this.#faulty('remove', realDisk.remove);
  readonly syncFolder = this.#faulty('syncFolder', realDisk.syncFolder);
  readonly open = this.#faulty('open', async (path: string, flags: 'r' | 'r+' | 'wx+'): Promise<OpenFile> => {
    const file = await realDisk.open(path, flags);
    return {
      ...file,
      write: this.#faulty('write', file.write),
      datasync: this.#faulty('datasync', file.datasync),
      truncate: this.#faulty('truncate', file.truncate),
      chmod: this.#faulty('chmod', file.chmod),
    };
  });

  #faulty<Args extends unknown[], Result>(call: Call, real: (...args: Args) => Promise<Result>) {
    return async (...args: Args): Promise<Result> => {
      this.calls.push(call);
      await this.before(call);
      return real(...args);
    };
  }
}

/** An error as the system gives it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made by the test`), { code });
}
