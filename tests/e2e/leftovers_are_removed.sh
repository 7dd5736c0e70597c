#!/usr/bin/env bash
# The folder of a run that died never counts, and the next run removes it.
source "$(dirname "$0")/lib.sh"

start 1
dead=$vault/prod/backups/2026-01-01_000000
mkdir -p "$dead"
echo half >"$dead/snapshot_2026-01-01_000000.db"
echo half >"$dead/backup.json.partial"
expect 0 in_vault list -o json
equal 'the number of backups' "$(json '.backups | length')" 0
expect 3 in_vault show latest
expect 0 backup
[ ! -e "$dead" ] || wrong 'the leftover is still there'
backups_are 1
