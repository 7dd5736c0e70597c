#!/usr/bin/env bash
# One flipped bit, a cut file, a missing file and a changed catalog: verify says which backup and
# which file.
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

# Whole by all that it says of the files, but not what was written.
catalog=$(newest_folder)/backup.json
cp "$catalog" "$work/catalog"
sed -i 's/"leases": [0-9]*/"leases": 7/' "$catalog"
expect 4 in_vault verify latest
stdout_has backup.json catalog_sha256
expect 4 in_vault verify latest --quick
cp "$work/catalog" "$catalog"
expect 0 in_vault verify latest
# The checksum is what the paper says.
equal 'the checksum' "$(jq -r .catalog_sha256 "$catalog")" \
  "$(sed -E "s/^(  \"catalog_sha256\": \")[0-9a-f]*/\1$(printf '%064d' 0)/" "$catalog" |
    sha256sum | cut -d ' ' -f 1)"
