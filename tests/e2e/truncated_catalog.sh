#!/usr/bin/env bash
# A catalog that was cut off: named, never counted, never removed; everything else works on.
source "$(dirname "$0")/lib.sh"

start 1
expect 0 backup
damaged=$(newest_folder)
expect 0 backup
truncate -s 100 "$damaged/backup.json"

expect 8 in_vault list -o json
equal 'the number of backups' "$(json '.backups | length')" 1
stderr_has "$(basename "$damaged")"
expect 4 in_vault show "$(basename "$damaged")"
expect 4 in_vault verify --all
stdout_has "$(basename "$damaged")"
expect 0 in_vault verify latest
expect 8 backup --keep-last 1
[ -e "$damaged/backup.json" ] || wrong 'the damaged backup was removed'
