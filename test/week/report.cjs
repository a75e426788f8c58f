'use strict';
// Loaded before the daemon: on SIGUSR2 it collects garbage and writes to REPORT_FILE what is left, and what the requests
// so far went out with. LEAK makes it lose something at each request, so that a test can see it noticed.
const { openSync, renameSync, writeFileSync } = require('node:fs');
const { subscribe } = require('node:diagnostics_channel');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

const { REPORT_FILE, LEAK } = process.env;
const LEAKED_BYTES = 4_096;
const lost = [];
const jwts = new Set();
let requests = 0;
let expired = 0;
let leastLeftMs = Number.POSITIVE_INFINITY;

const LEAKS = {
  memory: () => lost.push(Array(LEAKED_BYTES / 8).fill(0)),
  files: () => requests % 50 === 0 && openSync('/dev/null'),
  timers: () => requests % 50 === 0 && lost.push(setInterval(() => {}, 2 ** 30)),
};
// Or they would keep the process from ending.
if (LEAK === 'timers') process.once('SIGTERM', () => lost.forEach(clearInterval));

// Told by undici for each request.
subscribe('undici:client:sendHeaders', ({ headers }) => {
  requests += 1;
  LEAKS[LEAK]?.();
  const jwt = /^authorization: Bearer (\S+)/im.exec(headers)?.[1];
  if (jwt === undefined) return;
  jwts.add(jwt);
  const { exp } = JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url').toString());
  const leftMs = exp * 1_000 - Date.now();
  leastLeftMs = Math.min(leastLeftMs, leftMs);
  if (leftMs <= 0) expired += 1;
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
let number = 0;
process.on('SIGUSR2', () => {
  collect();
  // What the first one let go of may have held more.
  setImmediate(() => {
    collect();
    number += 1;
    const { heapUsed, external, rss } = process.memoryUsage();
    const resources = process.getActiveResourcesInfo().length;
    const report = { number, heapUsed, external, rss, resources, requests, expired, jwts: jwts.size, leastLeftMs };
    writeFileSync(`${REPORT_FILE}.new`, JSON.stringify(report));
    renameSync(`${REPORT_FILE}.new`, REPORT_FILE);
  });
});
