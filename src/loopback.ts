const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether a host, in the form of `URL.hostname`, is this machine, so that plain http to it can't be overheard. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK_HOST.test(hostname);
}
