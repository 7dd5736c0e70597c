#!/usr/bin/env bash
# Whatever else lies in a vault is neither counted, followed nor removed.
source "$(dirname "$0")/lib.sh"

start 1
expect 0 backup
backups=$vault/prod/backups
mkdir -p "$vault/lost+found" "$vault/velero/backups-of-it" "$backups/lost+found" \
  "$backups/2026-13-45_000000" "$backups/2026-01-01_000000.bak" "$backups/notes" "$work/outside"
echo keep >"$backups/notes/read.me"
echo keep >"$backups/README"
echo keep >"$work/outside/file"
ln -s "$work/outside" "$backups/2026-01-01_000000"
ln -s "$work/outside" "$vault/linked"
foreign() { find "$vault" "$work/outside" ! -path "$backups/2???-??-??_??????/*" ! -name .lock | grep -v "^$backups/$(date -u +%Y-)" | sort; }
before=$(foreign)

expect 0 backup --keep-last 1
expect 0 in_vault prune --keep-last 1
expect 0 in_vault list -o json
equal 'the number of backups' "$(json '.backups | length')" 1
equal 'the foreign files' "$(foreign)" "$before"
expect 0 lifeboat list --vault "$vault" -o json
equal 'the clusters' "$(json '[.backups[].cluster] | unique | join(" ")')" prod
