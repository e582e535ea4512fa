#!/bin/sh
# Builds postern_VERSION_ARCHITECTURE.deb from this tree, with its own Node, the production dependencies and nothing else. The same tree makes the same
# octets: times are those of the last commit (SOURCE_DATE_EPOCH), owners are root, every dependency has its hash in package-lock.json.
#   scripts/build-deb.sh [DIRECTORY]        default: this directory; prints the path
# POSTERN_DEB_VERSION names another version than package.json.
set -eu
umask 022
tree=$(cd "$(dirname "$0")/.." && pwd)
out=$(cd "${1:-.}" && pwd)
node="$tree/node_modules/.bin/node"
[ -x "$node" ] && [ -x "$tree/node_modules/.bin/tsc" ] || { echo "build-deb: run npm ci first" >&2; exit 1; }
architecture=$(dpkg --print-architecture)
version=${POSTERN_DEB_VERSION:-$("$node" -p "require('$tree/package.json').version")}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$tree" log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root="$work/root"
home="$root/usr/lib/postern"
mkdir -p "$home/bin" "$home/scripts" "$root/usr/bin" "$root/usr/lib/systemd/system" "$root/usr/share/doc/postern" "$root/DEBIAN"

cp "$tree/package.json" "$tree/package-lock.json" "$home/"
# No install script runs: what is installed is what the lock file has the hash of.
(cd "$home" && npm ci --omit=dev --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error >&2)
[ -x "$home/node_modules/.bin/node" ] || { echo "build-deb: no Node for $architecture in package-lock.json" >&2; exit 1; }
rm -rf "$home/package-lock.json" "$home/node_modules/.package-lock.json" "$home"/node_modules/node-linux-*/include "$home"/node_modules/node-linux-*/share
"$node" "$tree/node_modules/.bin/tsc" -p "$tree/tsconfig.build.json" --outDir "$home/dist" --declaration false
cp "$tree/bin/postern" "$home/bin/postern"
cp "$tree/scripts/check-node.cjs" "$home/scripts/"
ln -s ../lib/postern/bin/postern "$root/usr/bin/postern"
cp "$tree/packaging/postern.service" "$root/usr/lib/systemd/system/"
cp -r "$tree/docs/." "$tree/README.md" "$tree/packaging/postern.example.yaml" "$root/usr/share/doc/postern/"
cp "$tree/packaging/prometheus/postern.rules.yaml" "$tree/packaging/grafana/postern.json" "$root/usr/share/doc/postern/"
cp "$tree/LICENSE" "$root/usr/share/doc/postern/copyright"
"$node" "$tree/tools/man.ts" "$root/usr/share/man/man1"
gzip -9n "$root"/usr/share/man/man1/*
completion() { mkdir -p "$(dirname "$2")" && "$node" "$tree/src/main.ts" completion "$1" >"$2"; }
completion bash "$root/usr/share/bash-completion/completions/postern"
completion zsh "$root/usr/share/zsh/vendor-completions/_postern"

for file in postinst prerm postrm templates; do cp "$tree/packaging/deb/$file" "$root/DEBIAN/$file"; done
chmod 755 "$root/DEBIAN/postinst" "$root/DEBIAN/prerm" "$root/DEBIAN/postrm"
size=$(du -sk --apparent-size "$root/usr" | cut -f1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@SIZE@/$size/" "$tree/packaging/deb/control" >"$root/DEBIAN/control"
(cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
chmod -R go-w,a+rX "$root"
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
# Quick rather than small: the package is built more often than it travels.
dpkg-deb --root-owner-group -Zgzip -z6 --build "$root" "$out/postern_${version}_$architecture.deb" >&2
echo "$out/postern_${version}_$architecture.deb"
