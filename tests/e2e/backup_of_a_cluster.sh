#!/usr/bin/env bash
# The whole of it: three members, TLS, a backup that every tool can read.
source "$(dirname "$0")/lib.sh"

use_tls
start 3
fill --count 500
expect 0 backup -o json
folder=$(newest_folder)
id=$(basename "$folder")
equal 'the id' "$(json .backup.id)" "$id"
equal 'the cluster id' "$(json .backup.etcd.cluster_id)" \
  "$(printf %x "$(etcdctl endpoint status -w fields | sed -n 's/^"ClusterID" : //p')")"
equal 'the members' "$(json '[.backup.members[].name] | sort | join(" ")')" 'm1 m2 m3'
equal 'a follower was taken' "$(json .backup.etcd.leader)" false
equal 'the catalog on disk' "$(jq -cS . "$folder/backup.json")" "$(json .backup | jq -cS .)"

snapshot=$folder/snapshot_$id.db
equal 'the size' "$(jq '.files[0].size' "$folder/backup.json")" "$(stat -c %s "$snapshot")"
sha256sum=$(sha256sum <"$snapshot")
equal 'the hash' "$(jq -r '.files[0].sha256' "$folder/backup.json")" "${sha256sum%% *}"
keys=$(etcdctl snapshot status "$snapshot" -w json | jq .totalKey)
[ "$keys" -ge 490 ] || wrong "etcd's own tool finds only $keys keys"

equal 'modes of files' "$(find "$vault/prod" -type f -printf '%m\n' | sort -u)" 600
equal 'modes of folders' "$(find "$vault/prod" -type d -printf '%m\n' | sort -u)" 700
no_leftovers
backups_are 1
