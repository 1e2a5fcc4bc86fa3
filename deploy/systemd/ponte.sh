#!/bin/sh
# The command `ponte` of an installation: as its user, with the settings and secrets of the services. Installed as /usr/local/bin/ponte.
set -eu
run='exec /opt/ponte/current/bin/node /opt/ponte/current/app/dist/cli/main.js "$@"'
# Each secret that systemd hands over is a file of its name.
secrets='for file in "${CREDENTIALS_DIRECTORY:-/nonexistent}"/*; do [ -f "$file" ] && export "$(basename "$file")_FILE=$file"; done;'
places='QUEUE_ROOT=/var/lib/ponte/queue STATE_DIR=/var/lib/ponte/state BACKUP_DIR=/var/lib/ponte/backups LOG_FILE=/var/log/ponte/cli.log'
[ "$(id -u)" = 0 ] || { echo "ponte: works with the services' secrets: run it as root (sudo ponte ...)" >&2; exit 2; }

if [ -d /run/systemd/system ]; then
  set -- /bin/sh -c "$secrets $run" ponte "$@"
  for file in /etc/ponte/credentials/*.cred; do
    [ -f "$file" ] && set -- -p "LoadCredentialEncrypted=$(basename "$file" .cred):$file" "$@"
  done
  for place in $places; do set -- -E "$place" "$@"; done
  if [ -t 0 ]; then set -- --pty "$@"; else set -- --pipe "$@"; fi
  exec systemd-run --quiet --wait --collect --service-type=exec -p User=ponte -p Group=ponte -p UMask=0027 -p WorkingDirectory=/var/lib/ponte \
    -p EnvironmentFile=/etc/ponte/ponte.env "$@"
fi

# Without systemd: the file is read as systemd reads it, KEY=value or KEY="value" to the end of the line, no shell.
set -- /bin/sh -c "umask 0027; $secrets $run" ponte "$@"
while IFS= read -r line; do
  case $line in
    [A-Z]*=\"*\") line=${line%\"} && set -- "${line%%=*}=${line#*=\"}" "$@" ;;
    [A-Z]*=*) set -- "$line" "$@" ;;
  esac
done < /etc/ponte/ponte.env
for place in $places; do set -- "$place" "$@"; done
cd /var/lib/ponte
exec setpriv --reuid=ponte --regid=ponte --init-groups env HOME=/var/lib/ponte "$@"
