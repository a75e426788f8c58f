const LOOPBACK_HOST = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether a host is this machine itself, so that plain http to it passes nobody. As `URL.hostname` has it. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK_HOST.test(hostname);
}
