#!/bin/sh
# Run once, when the database is made: lets the backup receive the log, with a password like everybody else.
set -eu
echo "host replication all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
