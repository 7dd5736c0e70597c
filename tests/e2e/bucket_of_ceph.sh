#!/usr/bin/env bash
# A bucket of Ceph's gateway is a vault, from the first backup to a cluster that was restored from
# it: in parts, in a listing of many pages, and under a name of its own.
source "$(dirname "$0")/ceph_lib.bash"

start_ceph
start 1
fill_megabytes 45
tour

# ---- Many keys --------------------------------------------------------------------------------

expect 0 in_vault list -o json
cp "$work/out" "$work/before"
# Before the backups and after them, in one listing, and what a run that died has left.
ask_s3 PUT '/bucket/etcd/prod/backups/0-foreign-#' --count 1100 <<<x
ask_s3 PUT '/bucket/etcd/prod/backups/foreign-#' --count 1100 <<<x
ask_s3 PUT '/bucket/etcd/prod/backups/2020-01-01_000000/part-#' --count 1100 <<<x
expect 0 in_vault list -o json
mv "$work/out" "$work/after"
same 'what list says among many keys' "$work/before" "$work/after"
expect 0 in_vault prune --keep-last 1
equal 'what is left of the dead run' "$(bucket_keys | grep -c 2020-01-01)" 0
equal 'what is not of lifeboat' "$(bucket_keys | grep -c foreign-)" 2200
backups_are 1

# ---- A name of its own ------------------------------------------------------------------------

# Only a proxy knows it.
"$root/tests/e2e/proxy.py" "$work/proxy-port" "$work/proxy-log" "${LIFEBOAT_S3_ENDPOINT##*:}" &
wait_until test -s "$work/proxy-port"
HTTP_PROXY=http://127.0.0.1:$(cat "$work/proxy-port")
export HTTP_PROXY LIFEBOAT_S3_ENDPOINT=http://s3.test LIFEBOAT_S3_ADDRESSING=virtual-host
expect 0 backup --allow-plain --keep-last 1
backups_are 1
! grep -v '^[A-Z]* http://bucket[.]s3[.]test/' "$work/proxy-log" || wrong 'it asks for another name'
