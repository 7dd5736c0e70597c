#!/usr/bin/env bash
# A catalog of a newer format: named, never counted, never removed.
source "$(dirname "$0")/lib.sh"

start 1
expect 0 backup
newer=$(newest_folder)
sed -i 's/"format": 1/"format": 2/' "$newer/backup.json"
expect 8 in_vault list -o json
equal 'the number of backups' "$(json '.backups | length')" 0
stderr_has "$(basename "$newer")" newer
expect 2 in_vault show "$(basename "$newer")"
expect 8 backup --keep-last 1
[ -e "$newer/backup.json" ] || wrong 'the newer backup was removed'
