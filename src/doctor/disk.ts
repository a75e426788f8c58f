/** File systems in memory. */
const IN_MEMORY: ReadonlySet<string> = new Set(['tmpfs', 'ramfs', 'devtmpfs']);
/** File systems of which another machine has the disk. */
const ON_NETWORK: ReadonlySet<string> = new Set([
  'nfs',
  'nfs4',
  'cifs',
  'smb3',
  'smbfs',
  'afs',
  'ceph',
  'glusterfs',
  'lustre',
  'ocfs2',
  'gfs2',
]);
/** Shared with the host of a virtual machine: Docker Desktop, WSL, Lima. */
const SHARED_WITH_HOST: ReadonlySet<string> = new Set(['9p', 'virtiofs', 'drvfs', 'grpcfuse', 'osxfs', 'vboxsf']);

export type DiskKind = 'memory' | 'container-layer' | 'network' | 'shared' | 'local' | 'unknown';

/** What kind of disk a file system of this type is, by the names of Linux; null: nobody says. */
export function diskKind(type: string | null): DiskKind {
  if (type === null) return 'unknown';
  if (IN_MEMORY.has(type)) return 'memory';
  if (type === 'overlay' || type === 'aufs') return 'container-layer';
  if (ON_NETWORK.has(type)) return 'network';
  if (SHARED_WITH_HOST.has(type) || type === 'fuse' || type.startsWith('fuse.')) return 'shared';
  return 'local';
}
