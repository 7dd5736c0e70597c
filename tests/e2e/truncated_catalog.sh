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

# The newest one: nobody gets older data without a word.
expect 8 backup
newest=$(newest_folder)
truncate -s 100 "$newest/backup.json"
expect 4 in_vault show latest
stderr_has "the newest backup of cluster prod is $(basename "$newest")"
stderr_has 'name another one by its id'
expect 4 in_vault restore latest --data-dir "$work/data"
expect 4 in_vault export latest --to "$work/plain"
mkdir "$work/other"
expect 4 in_vault copy latest --to "$work/other"
expect 4 in_vault verify latest
[ ! -e "$work/data" ] || wrong 'an older backup was restored'
expect 8 in_vault list
