#!/bin/sh
# Secrets for docker-compose.yml, one file each, in secrets/ beside this script. What is there already stays.
# The container's user (1000) reads them through their group; nobody else does.
set -eu
cd "$(dirname "$0")"
umask 027
mkdir -p secrets
random() { od -An -tx1 -N"$1" /dev/urandom | tr -d ' \n'; }
keep() {
  [ -e "secrets/$1" ] && return 0
  cat > "secrets/$1.part"
  chmod 0640 "secrets/$1.part"
  if [ "$(id -u)" = 0 ]; then chgrp 1000 "secrets/$1.part"; fi
  mv "secrets/$1.part" "secrets/$1"
  echo "made secrets/$1"
}
chmod 0750 secrets
if [ "$(id -u)" = 0 ]; then chgrp 1000 secrets; fi
random 24 | keep state_password
printf 'postgres://ponte:%s@state:5432/ponte_state' "$(cat secrets/state_password)" | keep state_database_url
# The simulated CRM's; write the real one over it.
printf 'simulator' | keep api_token
printf 'crm:webhook:%s' "$(random 24)" | keep ponte_tokens
printf 'whsec_%s' "$(head -c 32 /dev/urandom | base64 | tr -d '\n')" | keep webhook_secrets
# Empty until you write the ERP's password into it; then set DB_PASSWD_FILE=/run/secrets/db_passwd.
keep db_passwd < /dev/null
