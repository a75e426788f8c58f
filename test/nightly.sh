#!/usr/bin/env bash
# The long form of what is drawn at random. Each part runs whatever became of those before it.
set -u
cd "$(dirname "$0")/.."
failed=0
part() {
  echo "== $1"
  shift
  "$@" || failed=1
}
part 'build' npm run --silent build
part 'simulation' env MODEL_HISTORIES=20000 npx vitest run test/model
part 'crashes' env CRASH_POINTS=all npx vitest run test/crash
part 'fuzz' env FUZZ_RUNS=20000 npx vitest run --testTimeout 1800000 test/fuzz/manifest test/fuzz/settings test/fuzz/state test/fuzz/answers
part 'fuzz the command' env FUZZ_RUNS=100 npx vitest run --testTimeout 1800000 test/fuzz/command
exit "$failed"
