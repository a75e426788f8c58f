#!/usr/bin/env bash
# Makes a stand-in for the Dockerfile's base image where no registry of images can be reached: Debian's minimal system
# and Node from the npm registry, with the base's user. Needs root, debootstrap and npm, on Debian or Ubuntu.
# usage: stand-in-base.sh IMAGE ENGINE [ENGINE-OPTION…]      IMAGE: node:MAJOR-CODENAME-slim, with a registry or without
set -euo pipefail
image=$1
shift
engine=("$@")
tag=${image##*:}
major=${tag%%-*}
codename=$(cut -d- -f2 <<<"$tag")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

debootstrap --variant=minbase "$codename" "$root" >"$work/debootstrap.log" || { tail "$work/debootstrap.log"; exit 1; }

mkdir "$work/node"
echo '{"private":true}' >"$work/node/package.json"
arch=$(node -p process.arch)
npm install --prefix "$work/node" --ignore-scripts --no-audit --no-fund "node-linux-$arch@$major" npm@11 >"$work/npm.log" 2>&1 ||
  { cat "$work/npm.log"; exit 1; }
install -m755 "$work/node/node_modules/node-linux-$arch/bin/node" "$root/usr/local/bin/node"
mkdir -p "$root/usr/local/lib/node_modules"
cp -r "$work/node/node_modules/npm" "$root/usr/local/lib/node_modules/"
for name in npm npx; do ln -sf "../lib/node_modules/npm/bin/$name-cli.js" "$root/usr/local/bin/$name"; done
chroot "$root" groupadd --gid 1000 node
chroot "$root" useradd --uid 1000 --gid node --shell /bin/bash --create-home node

# As the real one: no caches, no manuals. And nothing of this machine.
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/cache/apt/*.bin "$root"/var/lib/apt/lists/* "$root"/var/log/*.log \
  "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/locale/*
: >"$root/etc/resolv.conf"
echo localhost >"$root/etc/hostname"
echo 'deb http://deb.debian.org/debian '"$codename"' main' >"$root/etc/apt/sources.list"

tar -C "$root" -c . | "${engine[@]}" import \
  --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' --change 'CMD ["node"]' - "$image" >/dev/null
