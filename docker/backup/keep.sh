#!/bin/sh
# Fills in barman.conf from the environment, then for ever: every minute what Barman does by itself (receive the log, archive
# it, drop what is over its time), once a day a base backup. Ends with the container.
#   DATABASE        libpq's words for the database, a role that may back it up: host=postgres user=barman dbname=cardvault
#   PGPASSWORD      its password
#   KEY             fingerprint of the GPG key; public-key.asc in /keys is taken in at the start
#   DAYS            for how long any moment can be gone back to
#   PASSPHRASE_FILE names private-key.asc's passphrase, for restores alone; without it nothing here can open a backup
set -eu
umask 077
# the private key never lies beside what it opens
if [ $# -gt 0 ]; then GNUPGHOME=/tmp/gpg; else GNUPGHOME=/backups/gpg; fi
export GNUPGHOME
mkdir -p "$GNUPGHOME" /backups/barman /backups/staging /backups/conf.d
gpg --batch --quiet --import /keys/public-key.asc
echo "$KEY:6:" | gpg --batch --quiet --import-ownertrust
sed -e "s|@USER@|$(id -un)|" -e "s|@HOME@|/backups/barman|" -e "s|@PROGRAMS@|$(dirname "$(ls /usr/lib/postgresql/*/bin/postgres)")|" \
    -e "s|@DATABASE@|$DATABASE|" -e "s|@STREAM@|$DATABASE|" -e "s|@KEY@|$KEY|" -e "s|@STAGING@|/backups/staging|" \
    -e "s|@CONFIGURATION@|/backups/conf.d|" -e "s|@DAYS@|${DAYS:-14}|" /srv/cardvault/docker/backup/barman.conf >/backups/barman.conf
barman="barman -c /backups/barman.conf"
# "keep.sh restore_drill --at …" and the like: one command of manage.py, with the passphrase
if [ $# -gt 0 ]; then
    gpg --batch --quiet --import /keys/private-key.asc
    BACKUP_PASSPHRASE=$(cat "${PASSPHRASE_FILE:?names the passphrase of private-key.asc}")
    export BACKUP_PASSPHRASE
    exec python manage.py "$@"
fi
$barman cron
$barman switch-wal --force --archive --archive-timeout 120 cardvault
while :; do
    $barman cron
    if [ -z "$(find /backups/last -mmin -1440 2>/dev/null)" ]; then
        # noted in the database too, where an alert looks for it
        $barman backup cardvault && touch /backups/last && \
            psql -qc 'insert into backups_basebackup default values' "$DATABASE" || true
    fi
    sleep 60
done
