#!/usr/bin/env bash
# In a root that holds the program and nothing else, not even /proc and /dev, everything works: so
# it does in any image, etcd's own for one, that the node's binary is mounted into.
source "$(dirname "$0")/lib.sh"

needs_static_binary
hut=$work/hut
alone=(unshare --map-root-user --root "$hut")
if [ "$(id -u)" -eq 0 ]; then alone=(chroot "$hut"); fi
mkdir "$hut"
cp "$LIFEBOAT" "$hut/lifeboat"
[ "$(id -u)" -eq 0 ] || "${alone[@]}" /lifeboat version >/dev/null 2>&1 ||
  skip 'this user may not change the root folder'
# A process that sees the hut, and an environment that is empty.
in_hut() { env -i "$(command -v "${alone[0]}")" "${alone[@]:1}" /lifeboat "$@"; }

expect 0 in_hut version
stdout_has lifeboat
expect 0 in_hut help backup
equal 'what is in the root' "$(ls -A "$hut")" lifeboat

use_tls
start 1
write_history
mkdir "$hut/vault"
cp "$tls/ca.crt" "$tls/client.crt" "$tls/client.key" "$hut"
expect 0 in_hut backup --vault /vault --cluster prod --endpoints "${member_urls[1]}" \
  --cacert /ca.crt --cert /client.crt --key /client.key
expect 0 in_hut verify latest --vault /vault
expect 0 in_hut list --vault /vault -o json
id=$(json '.backups[].id')
file=/vault/prod/backups/$id/snapshot_$id.db
expect 0 in_hut verify "$file"
expect 0 in_hut restore latest --vault /vault --data-dir /data --name m1 \
  --initial-cluster "$initial_cluster" --initial-advertise-peer-urls "${peer_urls[1]}"
expect 0 in_hut prune --vault /vault --keep-last 1

# What is wrong it says as it does anywhere.
printf x | dd of="$hut$file" bs=1 seek=9000 conv=notrunc status=none
expect 4 in_hut verify latest --vault /vault
stdout_has "$id" trailer
