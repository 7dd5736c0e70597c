#!/usr/bin/env bash
# Backups go from a folder into a bucket and back, also when the copy is killed on its way; what
# arrives is what was sent, and a second time nothing is done.
source "$(dirname "$0")/lib.sh"

start 1
fill_megabytes 20
mkdir "$work/folder" "$work/back"
folder=$work/folder
for _ in 1 2 3; do
  expect 0 lifeboat backup --vault "$folder" --cluster prod "${connection[@]}"
done
start_bucket
copy() { lifeboat copy --vault "$folder" --cluster prod --to "$vault" "$@"; }

start_copy() { start_run copy --vault "$folder" --cluster prod --to "$vault" --all; }
longest=1000
ahead=0
for _ in $(seq 10); do
  kill_at_random start_copy
  # A lease lasts for a minute of the server's.
  ahead=$((ahead + 61))
  ask_bucket ahead "$ahead" >/dev/null
  bucket_is_sound
done
expect 0 copy --all
backups_are 3
expect 0 in_vault verify --all
expect 0 copy --all -o json
equal 'what was done the second time' "$(json '[.copies[].was_there] | unique | @csv')" true

expect 0 lifeboat copy latest --vault "$vault" --cluster prod --to "$work/back" --to-cluster again
id=$(basename "$(find "$folder/prod/backups" -mindepth 1 -maxdepth 1 | sort | tail -n 1)")
cmp "$folder/prod/backups/$id/snapshot_$id.db" "$work/back/again/backups/$id/snapshot_$id.db" ||
  wrong 'it came back changed'
expect 0 lifeboat verify --all --vault "$work/back"

# Damage at the source stays there.
printf x | dd of="$folder/prod/backups/$id/snapshot_$id.db" bs=1 seek=5000 conv=notrunc status=none
mkdir "$work/clean"
expect 4 lifeboat copy --all --vault "$folder" --cluster prod --to "$work/clean"
equal 'backups that arrived' \
  "$(lifeboat list --vault "$work/clean" -o json | jq '.backups | length')" 2
