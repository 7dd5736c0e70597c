#!/usr/bin/env bash
# One flipped bit, a cut file and a missing file: verify says which backup and which file.
source "$(dirname "$0")/lib.sh"

start 1
fill --count 100
expect 0 backup
snapshot=$(echo "$(newest_folder)"/snapshot_*.db)
cp "$snapshot" "$work/whole"

printf '\x01' | dd of="$snapshot" bs=1 seek=70000 conv=notrunc status=none
expect 4 in_vault verify latest -o json
equal 'ok' "$(json .ok)" false
[[ $(json '.results[0].findings[].where' | sort -u) == *$(basename "$snapshot")* ]] || wrong 'no name'

truncate -s 4096 "$snapshot"
expect 4 in_vault verify latest
stdout_has "$(basename "$snapshot")"
rm "$snapshot"
expect 4 in_vault verify latest
stdout_has "$(basename "$snapshot")"

cp "$work/whole" "$snapshot"
expect 0 in_vault verify latest
