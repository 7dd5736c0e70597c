#!/usr/bin/env bash
# Killed fifty times at any moment of a backup into a bucket: no catalog is there without its files,
# the lock is free after its time, and the next run removes what the dead ones left.
source "$(dirname "$0")/lib.sh"

start 1
fill_megabytes 20
start_bucket

expect 0 backup --keep-last 2
longest=$((milliseconds * 12 / 10))
ahead=0
while [ "$killed" -lt 50 ]; do
  kill_at_random start_backup --keep-last 2
  # A lease lasts for a minute of the server's.
  ahead=$((ahead + 61))
  ask_bucket ahead "$ahead" >/dev/null
  bucket_is_sound
done
say "$killed of $runs runs were killed; left before the last one: $(bucket_keys | wc -l)"

start_backup
sleep 0.5
kill -KILL "$run_pid"
wait "$run_pid" 2>/dev/null || true
expect 7 backup
ask_bucket ahead "$((ahead + 61))" >/dev/null
expect 0 backup --keep-last 2
bucket_has_no_leftovers
backups_are 2
