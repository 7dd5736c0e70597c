#!/usr/bin/env bash
# A backup comes out of the vault as the files that cluster-restore.sh and etcdutl take, into a
# folder or through a pipe as a tar; a damaged one does not, and nothing is overwritten.
source "$(dirname "$0")/lib.sh"

start 1
write_history
expect 0 backup
stop_cluster
folder=$(newest_folder)
id=$(basename "$folder")
name=snapshot_$id.db

expect 0 in_vault export latest --to "$work/plain"
stdout_has "$name"
equal 'the files' "$(ls "$work/plain")" "$name"
same 'the snapshot' "$folder/$name" "$work/plain/$name"
expect 0 etcdctl snapshot status "$work/plain/$name"

# A second time nothing is touched.
: >"$work/plain/$name"
expect 2 in_vault export "$id" --to "$work/plain"
stderr_has 'is there already'
equal 'the size' "$(stat -c %s "$work/plain/$name")" 0

expect 0 in_vault export latest --to "$work/other" -o json
equal 'the document' "$(json '"\(.id) \(.to) \(.files[0].name) \(.files[0].sha256)"')" \
  "$id $work/other $name $(sha256sum <"$folder/$name" | cut -d ' ' -f 1)"

expect 0 in_vault export latest --to -
mkdir "$work/tar"
tar -xf "$work/out" -C "$work/tar"
same 'the snapshot in the tar' "$folder/$name" "$work/tar/$id/$name"
expect 2 in_vault export latest --to - -o json
expect 2 in_vault export latest
expect 3 in_vault export latest --to "$work/no/such/folder"

to_a_full_disk() { in_vault export latest --to - >/dev/full; }
expect 5 to_a_full_disk

# One bit of the stored file.
printf '\x01' | dd of="$folder/$name" bs=1 seek=9000 conv=notrunc status=none
expect 4 in_vault export latest --to "$work/damaged"
stderr_has 'is not whole'
[ ! -e "$work/damaged" ] || wrong 'it made the folder for a damaged backup'
expect 4 in_vault export latest --to -
equal 'what came of the tar' "$(stat -c %s "$work/out")" 0
