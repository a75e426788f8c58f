#!/usr/bin/env node
'use strict';
// Starts the command. Loads the bundle's files as require() would, but hands V8 their compiled form where the build left
// one for this very Node: compiling is most of what starting takes. A form that does not fit is ignored, and nothing is
// ever written: an installation may be read-only.
const { readFileSync } = require('node:fs');
const { dirname, join, relative } = require('node:path');
const { Script } = require('node:vm');

const compiled = join(__dirname, 'compiled', `${process.version}-${process.platform}-${process.arch}`);

/** So many bytes before a compiled form hold its check; eight, since V8 copies what is not aligned to that. */
const CHECK_BYTES = 8;

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

/** The compiled form with its check before it, for compile.mjs to keep. `bytes` are those of the file it is of. */
function withCheck(bytes, form) {
  const check = Buffer.alloc(CHECK_BYTES);
  check.writeInt32LE(checkOf(form, checkOf(bytes, 0)));
  return Buffer.concat([check, form]);
}

/** V8 finds out for itself when a form is of another V8, but a damaged one hangs or kills it. */
function readCompiled(path, bytes) {
  try {
    const kept = readFileSync(join(compiled, relative(__dirname, path)));
    const form = kept.subarray(CHECK_BYTES);
    return kept.readInt32LE() === checkOf(form, checkOf(bytes, 0)) ? form : undefined;
  } catch {
    return undefined;
  }
}

/** FNV-1a over words of four bytes: any change of one word shows. Here, since loading zlib for its CRC takes longer. */
function checkOf(bytes, before) {
  let check = before ^ bytes.length;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  for (let index = 0; index < words.length; index += 1) check = Math.imul(check ^ words[index], 0x01000193);
  for (let index = words.length * 4; index < bytes.length; index += 1)
    check = Math.imul(check ^ bytes[index], 0x01000193);
  return check;
}

if (require.main === module) createLoader()();
else module.exports = { compiled, createLoader, withCheck };
