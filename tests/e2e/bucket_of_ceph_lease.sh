#!/usr/bin/env bash
# The lock of a vault in a bucket of Ceph's gateway, with versions or without: a run that lasts keeps
# it, and a dead run's is free after its time.
source "$(dirname "$0")/ceph_lib.bash"

start_ceph
ask_s3 PUT /locked x-amz-bucket-object-lock-enabled:true </dev/null
start 1
fill_megabytes 45
buckets=(bucket locked)

# A run that is killed in each bucket.
for bucket in "${buckets[@]}"; do
  vault=s3://$bucket/etcd
  ask_bucket() { ask_s3 "$1" "$bucket" </dev/null; }
  start_backup
  wait_until eval 'bucket_keys | grep -q "^unfinished"'
  kill -KILL "$run_pid"
  wait "$run_pid" 2>/dev/null || true
  expect 7 backup
done

# Meanwhile, as long as a lease: one renewal after the other.
quick=("${connection[@]}")
slow_down 1 1000000
connect_to "${member_urls[1]}"
vault=s3://bucket/slow
expect 0 backup
[ "$milliseconds" -gt 40000 ] || wrong "it took only $milliseconds ms"

sleep 20
connection=("${quick[@]}")
for bucket in "${buckets[@]}"; do
  vault=s3://$bucket/etcd
  ask_bucket() { ask_s3 "$1" "$bucket" </dev/null; }
  expect 0 backup
  bucket_has_no_leftovers
done
