#!/usr/bin/env bash
# The newest backup is from the future: the next id still comes after it, with a warning.
source "$(dirname "$0")/lib.sh"

start 1
expect 0 backup
now=$(newest_folder)
id=$(basename "$now")
future=2099-01-01_000000
mv "$now" "$vault/prod/backups/$future"
mv "$vault/prod/backups/$future/snapshot_$id.db" "$vault/prod/backups/$future/snapshot_$future.db"
sed -i "s/$id/$future/" "$vault/prod/backups/$future/backup.json"

expect 8 backup
stderr_has clock "$future"
equal 'the newest id' "$(basename "$(newest_folder)")" "${future}_2"
expect 0 in_vault list -o json
equal 'the order' "$(json '[.backups[].id] | join(" ")')" "$future ${future}_2"
