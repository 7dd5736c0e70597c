#!/usr/bin/env bash
# A bucket of s3rver is a vault, from the first backup to a cluster that was restored from it: one
# without conditional writes, listings of uploads, and checksums of its own.
source "$(dirname "$0")/bucket_tour.bash"

start_s3rver
put_foreign {etcd,back}/prod {etcd,back}/prod/backups

start 1
fill_megabytes 20
tour
equal 'what is not of lifeboat' "$(ask_bucket keys | grep -c /foreign)" 4
