#!/usr/bin/env node
'use strict';
// Starts the command. Loads the bundle's files as require() would, but hands V8 their compiled form where the build left
// one for this very Node: compiling is most of what starting takes. A form that does not fit is ignored, and nothing is
// ever written: an installation may be read-only.
const { readFileSync } = require('node:fs');
const { dirname, join, relative } = require('node:path');
const { Script } = require('node:vm');

const compiled = join(__dirname, 'compiled', `${process.version}-${process.platform}-${process.arch}`);

/** `onScript` is told of each script with its path: compile.mjs takes their compiled form when they have run. */
function createLoader(onScript) {
  const scripts = new Map();
  return () => {
    const modules = new Map();
    const load = (path) => {
      const known = modules.get(path);
      if (known !== undefined) return known.exports;
      const module = { exports: {} };
      modules.set(path, module);
      const script = scripts.get(path) ?? compile(path);
      scripts.set(path, script);
      const requireHere = (name) => (name.startsWith('.') ? load(join(dirname(path), name)) : require(name));
      script.runInThisContext()(module.exports, requireHere, module, path, dirname(path));
      onScript?.(path, script);
      return module.exports;
    };
    return load(join(__dirname, 'cli.js'));
  };
}

function compile(path) {
  const bytes = readFileSync(path);
  const text = bytes.toString();
  // On one line with what follows, as Node does it: places in a stack are then those of the file.
  const source = `(function(exports,require,module,__filename,__dirname){${text}\n})`;
  // Not the whole path: it stays in the compiled form, and the folder of the build is not the one of the installation.
  const filename = `dist/${relative(__dirname, path)}`;
  return new Script(source, {
    filename,
    columnOffset: -source.indexOf('{') - 1,
    cachedData: readCompiled(path, bytes),
  });
}

/**
 * What is kept of a file: it, and its compiled form twice. V8 finds out for itself when a form is of another V8, but a
 * damaged one hangs or kills it. Comparing is what tells damage fastest: a sum over the bytes takes longer than the rest
 * of loading, being compiled anew at each start, and so does loading a library that has one.
 */
function asKept(bytes, form) {
  const gap = Buffer.alloc(aligned(bytes.length) - bytes.length);
  return Buffer.concat([bytes, gap, form, form]);
}

/** The compiled form of a file that holds `bytes`; undefined: there is none to be used. */
function readCompiled(path, bytes) {
  try {
    const kept = readFileSync(join(compiled, relative(__dirname, path)));
    const start = aligned(bytes.length);
    const middle = start + (kept.length - start) / 2;
    const form = kept.subarray(start, middle);
    const isSound =
      form.length > 0 && bytes.equals(kept.subarray(0, bytes.length)) && form.equals(kept.subarray(middle));
    return isSound ? form : undefined;
  } catch {
    return undefined;
  }
}

/** V8 copies what is not aligned to eight bytes. */
function aligned(length) {
  return (length + 7) & ~7;
}

if (require.main === module) createLoader()();
else module.exports = { compiled, createLoader, asKept };
