#!/usr/bin/env bash
# A bucket of s3rver is a vault, from the first backup to a cluster that was restored from it: one
# without conditional writes, listings of uploads, and checksums of its own.
source "$(dirname "$0")/bucket_tour.bash"

start_s3rver
# s3rver names a folder only where an object lies directly in it, and so would hide the cluster.
for folder in etcd/prod etcd/prod/backups back/prod back/prod/backups; do
  ask_s3 PUT "/bucket/$folder/foreign" <<<'not of lifeboat'
done

start 1
fill_megabytes 20
tour
equal 'what is not of lifeboat' "$(ask_bucket keys | grep -c /foreign)" 4
