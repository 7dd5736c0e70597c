#!/usr/bin/env bash
# A bucket of s3rver is a vault, from the first backup to a cluster that was restored from it: one
# without conditional writes, listings of uploads, and checksums of its own.
source "$(dirname "$0")/bucket_tour.bash"

s3rver=$root/build/s3rver/node_modules/s3rver/bin/s3rver.js
[ -e "$s3rver" ] || skip 's3rver is not there: scripts/setup'

take_port
# A page that another follows takes a cipher of old.
node --openssl-legacy-provider "$s3rver" --directory "$work/s3rver" --address 127.0.0.1 \
  --port "$port" --configure-bucket bucket >"$work/s3rver.log" 2>&1 &
wait_until port_is_taken "$port"
use_server "http://127.0.0.1:$port" S3RVER S3RVER
# s3rver names a folder only where an object lies directly in it, and so would hide the cluster.
for folder in etcd/prod etcd/prod/backups back/prod back/prod/backups; do
  ask_s3 PUT "/bucket/$folder/foreign" <<<'not of lifeboat'
done

start 1
fill_megabytes 20
tour
equal 'what is not of lifeboat' "$(ask_bucket keys | grep -c /foreign)" 4
