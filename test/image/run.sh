#!/usr/bin/env bash
# Builds the image and runs it as it is meant to be run: not as root, on a read-only root file system, without
# capabilities, against the sandbox. Fails on the first thing that is not as the docs say. Removes what it made.
# usage: test/image/run.sh [--stand-in-base]    with podman or docker
#   --stand-in-base  where no registry of images can be reached: makes the base image itself (see stand-in-base.sh)
#   ENGINE=docker    which one, where both are there
#   CA_FILE=…        certificates that npm is to trust while building, for networks that look into TLS
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly LARGEST_SHARE_OF_BASE_PERCENT=110
readonly TRIES=300 # of 0.2 s: how long anything is waited for

work=$(mktemp -d)
chmod 755 "$work"
id=copernica-webhooks-test-$$
image=$id:latest
base=$(sed -n 's/^FROM \([^ ]*\)$/\1/p' Dockerfile)

say() { echo "[$(date +%T)] $*"; }
fail() { echo "FAILED: $*" >&2; "${engine[@]}" logs "$id" 2>&1 | tail -30 >&2; exit 1; }
until_true() { # DESCRIPTION COMMAND…
  local what=$1 try
  shift
  for ((try = 0; try < TRIES; try++)); do "$@" >"$work/last" 2>&1 && return; sleep 0.2; done
  cat "$work/last" >&2
  fail "$what"
}

choose_engine() {
  ENGINE=${ENGINE:-$(for name in podman docker; do "$name" info >/dev/null 2>&1 && echo "$name" && break; done)}
  ENGINE=${ENGINE:-podman}
  engine=("$ENGINE")
  run_options=()
  # Root in a plain container or virtual machine without systemd: podman's usual ways with cgroups and logs don't work.
  if [ "$ENGINE" = podman ] && [ "$(id -u)" = 0 ] && [ ! -d /run/systemd/system ]; then
    exec 2> >(grep -v 'systemd connection' >&2) # podman has no timers for health checks then, and says so each time
    engine+=(--cgroup-manager=cgroupfs --events-backend=file --runtime=runc --storage-driver=overlay)
    run_options+=(--ulimit nofile=20000:20000 --ulimit nproc=4096:4096)
  fi
}

clean_up() {
  "${engine[@]}" rm -f "$id" "$id-sandbox" >/dev/null 2>&1 || true
  "${engine[@]}" volume rm "$id" >/dev/null 2>&1 || true
  "${engine[@]}" rmi -f "$image" >/dev/null 2>&1 || true
  rm -rf "$work"
}

build_image() {
  local options=() ca=${CA_FILE:-}
  [ "$ENGINE" = podman ] && options+=(--format docker) # or HEALTHCHECK is dropped
  [ "$ENGINE" = podman ] && [ "$stand_in" = yes ] && options+=(--pull=never --isolation=chroot)
  if [ -n "$ca" ]; then
    echo "cafile=/run/secrets/ca" >"$work/npmrc"
    options+=(--secret "id=npmrc,src=$work/npmrc" --secret "id=ca,src=$ca")
  fi
  "${engine[@]}" build "${options[@]}" --build-arg "VERSION=$(node -p 'require("./package.json").version')" \
    --build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || true)" -t "$image" . >"$work/build.log" 2>&1 ||
    { tail -40 "$work/build.log" >&2; exit 1; }
}

size_of() { "${engine[@]}" image inspect --format '{{.Size}}' "$1"; }

check_size() {
  local whole of_base
  whole=$(size_of "$image")
  of_base=$(size_of "$base")
  awk -v whole="$whole" -v base="$of_base" 'BEGIN {
    printf "size: image %.1f MB, base %.1f MB, added %.1f MB: %.3f of the base\n",
      whole / 1e6, base / 1e6, (whole - base) / 1e6, whole / base }'
  [ $((whole * 100)) -le $((of_base * LARGEST_SHARE_OF_BASE_PERCENT)) ] ||
    fail "the image is larger than $LARGEST_SHARE_OF_BASE_PERCENT % of its base"
}

# The sandbox's container has a network with nothing but loopback; the daemon's container shares it.
start_sandbox() {
  "${engine[@]}" run -d --name "$id-sandbox" --network=none --read-only --cap-drop=all "${run_options[@]}" \
    --no-healthcheck "$image" sandbox --port 8080 >/dev/null
  until_true 'the sandbox answers' account
}

# Prints the sandbox's live webhooks as "ID HANDLER", then how many POSTs it has had.
account() {
  "${engine[@]}" exec "$id-sandbox" node -e '
    fetch("http://127.0.0.1:8080/_sandbox/account").then((answer) => answer.json()).then((account) => {
      for (const { id, handler } of account.webhooks) console.log(id, handler);
      console.log("POSTs:", account.requests.filter(({ method, path }) =>
        method === "POST" && path.endsWith("/webhooks")).length);
    })'
}
account_has() { account >"$work/account" && [ "$(grep -c https:// "$work/account")" = "$1" ]; }

start_daemon() { # OPTION…
  "${engine[@]}" run -d --name "$id" --network "container:$id-sandbox" --read-only --cap-drop=all \
    --security-opt no-new-privileges "${run_options[@]}" -v "$work/manifest:/manifest:ro" -v "$id:/data" \
    -v "$work/token:/run/secrets/token:ro" -e COPERNICA_ACCESS_TOKEN_FILE=/run/secrets/token \
    -e COPERNICA_API_URL=http://127.0.0.1:8080 "$@" "$image" >/dev/null
  until_true 'the daemon is ready' "${engine[@]}" exec "$id" node /app/dist/main.js healthcheck --ready
}

stop_daemon() {
  local before code
  before=$(date +%s%N)
  "${engine[@]}" stop -t 30 "$id" >/dev/null
  code=$("${engine[@]}" inspect --format '{{.State.ExitCode}}' "$id")
  echo "SIGTERM: exit $code after $((($(date +%s%N) - before) / 1000000)) ms"
  [ "$code" = 0 ] || fail 'SIGTERM does not end it with 0'
  "${engine[@]}" logs "$id" >>"$work/daemon.log" 2>&1
  "${engine[@]}" rm "$id" >/dev/null
}

check_confinement() {
  local status
  status=$("${engine[@]}" exec "$id" cat /proc/1/status)
  grep -q '^Uid:.1000.1000' <<<"$status" || fail 'it does not run as user 1000'
  grep -q '^CapEff:.0*$' <<<"$status" || fail 'it has capabilities'
  grep -q '^NoNewPrivs:.1$' <<<"$status" || fail 'it could gain privileges'
  [ "$("${engine[@]}" exec "$id" readlink /proc/1/exe)" = /usr/local/bin/node ] || fail 'node is not process 1'
  ! "${engine[@]}" exec "$id" touch /app/x 2>/dev/null || fail 'it can write under /app'
  "${engine[@]}" exec "$id" test ! -e /app/node_modules/typescript || fail 'development packages are in the image'
  "${engine[@]}" exec "$id" test -s /app/dist/sbom.cdx.json || fail 'the list of packages is not in the image'
  # 127.0.0.2 stands for any address that is not the one of loopback.
  "${engine[@]}" exec "$id" node -e 'fetch("http://127.0.0.2:9465/healthz").then((a) => process.exit(a.ok ? 0 : 1))' ||
    fail 'the status server does not listen on all addresses'
  echo 'user 1000, no capabilities, no new privileges, read-only root, node is process 1, listens on all addresses'
}

is_healthy() { [ "$("${engine[@]}" inspect --format '{{.State.Health.Status}}' "$id")" = healthy ]; }

check_health() {
  if [ "$ENGINE" = podman ]; then "${engine[@]}" healthcheck run "$id" >/dev/null || fail 'the health check fails'
  else until_true 'the engine says healthy' is_healthy; fi
  echo 'the image’s own health check says healthy'
}

manifest() { # how many entries; replaced in one step, as editors and git do
  local n
  { echo webhooks:; for ((n = 1; n <= $1; n++)); do
    printf '  - { name: w%s, handler: https://receiver.example/%s, trigger: create }\n' "$n" "$n"; done; } >"$work/manifest/new"
  chmod 644 "$work/manifest/new"
  mv "$work/manifest/new" "$work/manifest/webhooks.yaml"
}

stand_in=no
[ "${1:-}" = --stand-in-base ] && stand_in=yes
choose_engine
trap clean_up EXIT
mkdir "$work/manifest"
echo sandbox-access-token >"$work/token"
chmod 644 "$work/token"

if [ "$stand_in" = yes ] && ! "${engine[@]}" image inspect "$base" >/dev/null 2>&1; then
  say "make a stand-in for $base"
  "$PWD/test/image/stand-in-base.sh" "$base" "${engine[@]}"
fi
say "build with $ENGINE"
build_image
check_size
say 'first start, three webhooks'
manifest 3
start_sandbox
start_daemon -e COPERNICA_WEBHOOKS_INIT=true
until_true 'three webhooks are there' account_has 3
check_confinement
check_health
say 'the manifest is replaced by one of four'
manifest 4
until_true 'the fourth is there' account_has 4
cp "$work/account" "$work/before"
say 'stop, and start again on the same volume'
stop_daemon
start_daemon
account >"$work/after"
diff "$work/before" "$work/after" || fail 'the restart changed the account'
stop_daemon
! grep -q sandbox-access-token "$work/daemon.log" || fail 'the token is in the log'
cat "$work/after"
say 'all is well'
