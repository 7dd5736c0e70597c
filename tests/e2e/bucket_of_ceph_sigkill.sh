#!/usr/bin/env bash
# Killed again and again while it sends parts to Ceph's gateway: no catalog is there without its
# files, a dead run's lock is respected, and the next run removes what is left.
source "$(dirname "$0")/ceph_lib.bash"

start_ceph
start 1
fill_megabytes 45
expect 0 backup
longest=$milliseconds

remove_lock() { ask_s3 DELETE /bucket/etcd/prod/.lock </dev/null; }
has_unfinished() { bucket_keys | grep -q '^unfinished'; }

caught=0
while [ "$killed" -lt 10 ] || [ "$caught" -eq 0 ]; do
  kill_at_random start_backup
  ! has_unfinished || caught=$((caught + 1))
  bucket_is_sound
  remove_lock
done
say "$killed of $runs runs were killed; $caught times an unfinished upload was left"

expect 0 backup
bucket_has_no_leftovers
# When an upload is under way, the lock is held.
start_backup
wait_until has_unfinished
kill -KILL "$run_pid"
wait "$run_pid" 2>/dev/null || true
has_unfinished || wrong 'there is nothing to remove'
expect 7 backup
remove_lock
expect 0 backup --keep-last 2
bucket_is_sound
bucket_has_no_leftovers
backups_are 2
