#!/usr/bin/env bash
# Only the newest N stay after a backup; a pinned one stays always; --dry-run only tells.
source "$(dirname "$0")/lib.sh"

start 1
for _ in 1 2 3; do expect 0 backup; done
mapfile -t ids < <(find "$vault/prod/backups" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort)
expect 0 in_vault pin "${ids[0]}"

expect 0 in_vault prune --keep-last 1 --dry-run -o json
equal 'what would go' "$(json '[.delete[].id] | join(" ")')" "${ids[1]}"
backups_are 3

expect 0 backup --keep-last 2 -o json
equal 'what went' "$(json '.pruned | join(" ")')" "${ids[1]}"
expect 0 in_vault unpin "${ids[0]}"
expect 0 in_vault prune --keep-last 1
equal 'what is left' "$(find "$vault/prod/backups" -mindepth 1 -maxdepth 1 | wc -l)" 1
backups_are 1
