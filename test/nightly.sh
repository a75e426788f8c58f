#!/usr/bin/env bash
# All of it: the long form of what is drawn at random, and what one test stands for by day. Each part runs whatever
# became of those before it.
set -u
export NIGHT=1
cd "$(dirname "$0")/.."
failed=0
part() {
  echo "== $1"
  shift
  "$@" || failed=1
}
part 'build' npm run --silent build
# Time for the daemon's week passes by libfaketime, below Node. Without it the test says that it was not tried. The
# simulations need one processor, and the week less: they run beside each other, and what the week said comes after.
if ! command -v faketime >/dev/null && ! { apt-get update && apt-get install -y --no-install-recommends faketime; } >/dev/null 2>&1; then
  echo 'skipped: the week: faketime could not be installed'
fi
said=$(mktemp)
(part 'a week' env WEEK_HOURS=168 WEEK_SEED="$(date +%Y%m%d)" npx vitest run test/week; exit "$failed") >"$said" 2>&1 &
week=$!
part 'simulation' env MODEL_HISTORIES=20000 npx vitest run test/simulation/exactly-once.test.ts
part 'replicas' env MODEL_HISTORIES=3000 npx vitest run test/simulation/replicas.test.ts
part 'outages' env OUTAGES=1000 npx vitest run test/simulation/outages.test.ts
part 'each rule' env OUTAGES=1 npx vitest run test/simulation/rules.test.ts
wait "$week" || failed=1
cat "$said"
rm "$said"
part 'units, properties and files' npx vitest run test/unit test/property test/deploy
part 'the built command' env TEST_COMMAND=built npx vitest run test/e2e
part 'crashes' env CRASH_POINTS=all npx vitest run test/crash
part 'fuzz' env FUZZ_RUNS=20000 npx vitest run --testTimeout 1800000 test/fuzz/manifest test/fuzz/settings test/fuzz/state test/fuzz/answers
part 'fuzz the command' env FUZZ_RUNS=100 npx vitest run --testTimeout 1800000 test/fuzz/command
exit "$failed"
