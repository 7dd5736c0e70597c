#!/usr/bin/env bash
# A drill of a backup that was damaged in the vault ends with 4, starts nothing, and is seen in list.
source "$(dirname "$0")/lib.sh"

start 1
write_history
expect 0 backup
mkdir "$work/scratch"
snapshot=$(echo "$(newest_folder)"/snapshot_*.db)
printf 'x' | dd of="$snapshot" bs=1 seek=9000 conv=notrunc status=none
expect 4 in_vault drill latest --etcd "$etcd_bin/etcd" --scratch "$work/scratch" -o json
stderr_has 'SHA-256'
equal 'the verdict' "$(json .ok)" false
equal 'the checks' "$(json '[.checks[].name] | join(" ")')" restore
expect 0 in_vault list -o json
equal 'what list says' "$(json '.backups[0].drilled.ok')" false
expect 0 in_vault list
stdout_has ' failed'
[ -z "$(ls -A "$work/scratch")" ] || wrong "left in the scratch folder: $(find "$work/scratch")"
