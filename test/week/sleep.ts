import { readdirSync, readFileSync } from 'node:fs';

/** `epoll_wait` and `epoll_pwait`, which an event loop waits in. https://docs.kernel.org/filesystems/proc.html */
const WAITS: ReadonlySet<string> = new Set(process.arch === 'arm64' ? ['22'] : ['232', '281']);
/** Number of the call, then its arguments; the fourth is the time-out in milliseconds. */
const CALL = /^(\d+) 0x\w+ 0x\w+ 0x\w+ 0x(\w+) /;

/** Whether the system tells of a process what it waits for; some tell a parent of its children only, some nobody. */
export function tellsOfSleep(pid: number): boolean {
  try {
    return mark(pid) !== '';
  } catch {
    return false;
  }
}

/**
 * How long these Node processes wait if nothing happens, in milliseconds, or null: one of them works. A process waits
 * when its event loop does and no other thread of it works: those read and write files while the loop waits.
 */
export function commonSleepMs(pids: readonly number[]): number | null {
  const before: string[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (const pid of pids) {
    const seen = mark(pid);
    const ms = timeoutMs(seen);
    if (ms === null) return null;
    before.push(seen);
    least = Math.min(least, ms);
  }
  if (pids.some(threadsWork)) return null;
  // What was looked at first may have been woken by what was looked at last.
  return pids.every((pid, index) => mark(pid) === before[index]) ? least : null;
}

/**
 * The call that the event loop's thread is in, and how often it came to wait: the same when it did nothing meanwhile.
 */
function mark(pid: number): string {
  const call = readFileSync(`/proc/${pid}/syscall`, 'latin1');
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return `${call}${status.slice(status.indexOf('\nvoluntary_ctxt_switches'))}`;
}

/** Null: it is in no wait. */
function timeoutMs(mark: string): number | null {
  const [, call = '', argument = ''] = CALL.exec(mark) ?? [];
  if (!WAITS.has(call)) return null;
  // Signed, of 32 bits: -1 is for ever.
  const ms = Number.parseInt(argument.slice(-8), 16) | 0;
  return ms < 0 ? Number.POSITIVE_INFINITY : ms;
}

function threadsWork(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).some((thread) => stateOf(pid, thread) !== 'S');
}

/** As a letter: S sleeps, X has ended. */
function stateOf(pid: number, thread: string): string {
  try {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1');
    return stat.charAt(stat.lastIndexOf(')') + 2);
  } catch {
    return 'X';
  }
}
