import { type Finding, ok, warning } from './check.js';

/** Names of file systems as in Linux's /proc/self/mountinfo. */
const IN_MEMORY = ['tmpfs', 'ramfs', 'devtmpfs'];
const CONTAINER_LAYER = ['overlay', 'aufs'];
/** The disk is on another machine. */
const ON_NETWORK = 'nfs nfs4 cifs smb3 smbfs afs ceph glusterfs lustre ocfs2 gfs2'.split(' ');
/** Shared with the host of a virtual machine: Docker Desktop, WSL, Lima. */
const SHARED_WITH_HOST = ['9p', 'virtiofs', 'drvfs', 'grpcfuse', 'osxfs', 'vboxsf', 'fuse'];

/** Whether a state is safe on a file system of this type. Null: the system does not tell. */
export function fileSystemFinding(type: string | null): Finding {
  if (type === null) return ok('this system does not say what kind of disk it is');
  if (IN_MEMORY.includes(type)) {
    return warning(`in memory (${type}): it is lost at a restart`, 'keep the state on a disk, or mount a volume there');
  }
  if (CONTAINER_LAYER.includes(type)) {
    return warning(
      `the container’s own layer (${type}): it is lost with the container`,
      'mount a volume on the folder of the state',
    );
  }
  if (ON_NETWORK.includes(type)) {
    return warning(
      `a network file system (${type}): locks and flushes are worth what its server makes of them`,
      'keep it on a local disk, or have one process only, and NFS 4',
    );
  }
  if (SHARED_WITH_HOST.includes(type) || type.startsWith('fuse.')) {
    return warning(
      `shared with another system (${type}): its locks may not hold there, and its flushes not reach a disk`,
      'use a volume of the container engine, or a local disk',
    );
  }
  return ok(`a local disk (${type})`);
}
