import type { Disk as DiskPort, FileFacts, OpenFile } from '../../src/state/file/disk.js';

interface Inode {
  readonly ino: bigint;
  bytes: Buffer;
  /** What a crash leaves for certain. */
  durable: Buffer;
}

/** Where a process touches the disk: `pass` never resolves once it is dead, and rejects when the disk takes no more. */
export interface DiskGate {
  pass(act: 'read' | 'write' | 'flush'): Promise<void>;
}

/** A disk that forgets, in a crash, whatever was not flushed: all of it, or all but some first bytes of it. */
export class Disk {
  #names = new Map<string, Inode>();
  /** The names before a rename that was not flushed yet. */
  #namesBefore: Map<string, Inode> | null = null;
  #inodes = 0n;

  /** What is there, flushed or not. */
  read(path: string): Buffer {
    return this.#names.get(path)?.bytes ?? Buffer.alloc(0);
  }

  /** What is there whatever happens. */
  flushed(path: string): Buffer {
    return (this.#namesBefore ?? this.#names).get(path)?.durable ?? Buffer.alloc(0);
  }

  /** `share` of what was not flushed survives, from 0 to below 1; names that were not flushed do from a half on. */
  crash(share: number): void {
    if (this.#namesBefore !== null && share < 0.5) this.#names = this.#namesBefore;
    this.#namesBefore = null;
    for (const inode of this.#names.values()) {
      const unflushed = inode.bytes.length - inode.durable.length;
      const kept = inode.durable.length + Math.floor(Math.max(0, unflushed + 1) * share);
      const whole = unflushed >= 0 ? inode.bytes : inode.durable;
      inode.bytes = Buffer.from(whole.subarray(0, kept));
      inode.durable = inode.bytes;
    }
  }

  /** The disk as one process has it. */
  files(gate: DiskGate): DiskPort {
    return {
      open: async (path, flags) => {
        await gate.pass(flags === 'wx+' ? 'write' : 'read');
        if (flags === 'wx+') this.#names.set(path, this.#inode());
        return this.#file(this.#existing(path), gate);
      },
      stat: async (path) => factsOf(this.#existing(path)),
      rename: async (from, to) => {
        await gate.pass('write');
        this.#namesBefore ??= new Map(this.#names);
        this.#names.set(to, this.#existing(from));
        this.#names.delete(from);
        await gate.pass('read');
      },
      remove: async (path) => {
        this.#names.delete(path);
      },
      syncFolder: async () => {
        await gate.pass('write');
        this.#namesBefore = null;
        await gate.pass('read');
      },
    };
  }

  #file(inode: Inode, gate: DiskGate): OpenFile {
    return {
      // No kernel, and no locks of one.
      fd: -1,
      read: async () => inode.bytes,
      write: async (bytes, position) => {
        await gate.pass('write');
        inode.bytes = Buffer.concat([inode.bytes.subarray(0, position), bytes]);
      },
      datasync: async () => {
        const { bytes } = inode;
        await gate.pass('flush');
        inode.durable = bytes;
        await gate.pass('read');
      },
      truncate: async (length) => {
        inode.bytes = inode.bytes.subarray(0, length);
      },
      stat: async () => factsOf(inode),
      chmod: async () => {},
      chown: async () => {},
      close: async () => {},
    };
  }

  #inode(): Inode {
    this.#inodes += 1n;
    return { ino: this.#inodes, bytes: Buffer.alloc(0), durable: Buffer.alloc(0) };
  }

  #existing(path: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' });
    return inode;
  }
}

function factsOf({ ino, bytes }: Inode): FileFacts {
  return { ino, dev: 1n, mode: 0o600n, uid: 1n, gid: 1n, nlink: 1n, size: BigInt(bytes.length) };
}
