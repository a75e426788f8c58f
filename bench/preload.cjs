// Loaded before a measured program by `node --require`: reports what it used when it ends, on file descriptor 3.
//   BENCH_REPORT=FILE    reports into a file instead
//   BENCH_COUNT=1        also counts flushes and writes to files, and when the last flush was done
//   BENCH_FLUSH_MS=2     every flush takes at least so much longer, as on a network disk
const fs = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');

const REPORT_FD = 3;
const extraMs = Number(process.env.BENCH_FLUSH_MS ?? 0);
const report = { flushes: 0, writes: 0, bytesWritten: 0, lastFlushAt: null };
const realWriteSync = fs.writeSync;
const clock = () => Number(process.hrtime.bigint()) / 1e6;

if (process.env.BENCH_COUNT !== undefined || extraMs > 0) {
  for (const name of ['fdatasync', 'fsync']) {
    countFlushes(name);
    countSyncFlushes(`${name}Sync`);
  }
  countWrites();
  countHandles();
  // For those who import the functions by name.
  syncBuiltinESMExports();
}

function countFlushes(name) {
  const real = fs[name];
  fs[name] = (fd, done) => {
    report.flushes += 1;
    const after = (error) => {
      report.lastFlushAt = clock();
      done(error);
    };
    real(fd, extraMs === 0 ? after : (error) => setTimeout(after, extraMs, error));
  };
}

function countSyncFlushes(name) {
  const real = fs[name];
  fs[name] = (fd) => {
    report.flushes += 1;
    real(fd);
    if (extraMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, extraMs);
    report.lastFlushAt = clock();
  };
}

/** Standard output and errors are no files: they are not counted. */
function countWrites() {
  for (const name of ['write', 'writeSync']) {
    const real = fs[name];
    fs[name] = (fd, data, ...rest) => {
      if (fd > REPORT_FD) {
        report.writes += 1;
        report.bytesWritten += lengthOf(data, rest);
      }
      return real(fd, data, ...rest);
    };
  }
}

/** The same for files of fs/promises. */
function countHandles() {
  const { open } = fs.promises;
  fs.promises.open = async (...args) => {
    const handle = await open(...args);
    for (const name of ['datasync', 'sync']) {
      const real = handle[name].bind(handle);
      handle[name] = async () => {
        report.flushes += 1;
        await real();
        if (extraMs > 0) await new Promise((done) => setTimeout(done, extraMs));
        report.lastFlushAt = clock();
      };
    }
    const write = handle.write.bind(handle);
    handle.write = (data, ...rest) => {
      report.writes += 1;
      report.bytesWritten += lengthOf(data, rest);
      return write(data, ...rest);
    };
    return handle;
  };
}

function lengthOf(data, [offset, length]) {
  if (typeof data === 'string') return Buffer.byteLength(data);
  return typeof length === 'number' ? length : data.byteLength - (typeof offset === 'number' ? offset : 0);
}

process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const cpuMs = (userCPUTime + systemCPUTime) / 1000;
  const modules = process.moduleLoadList.filter((name) => name.startsWith('NativeModule ')).length;
  const text = JSON.stringify({ rssMb: maxRSS / 1024, cpuMs, modules, ...report });
  if (process.env.BENCH_REPORT === undefined) realWriteSync(REPORT_FD, text);
  else fs.writeFileSync(process.env.BENCH_REPORT, text);
});
