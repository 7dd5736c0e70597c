#!/usr/bin/env bash
# A run with --jitter asks neither the bucket nor etcd for anything before it has waited, so that a
# fleet on one schedule does not meet at one server. What is wrong with its flags it says at once.
source "$(dirname "$0")/lib.sh"

start 1
start_bucket
touch "$work/bucket-log"
requests() { wc -l <"$work/bucket-log"; }
waits() { grep -q 'waiting for' "$work/err"; }

# --cluster is not given: it is the bucket that knows it.
before=$(requests)
start_run backup --vault "$vault" "${connection[@]}" --jitter 10h
wait_until waits
sleep 0.5
kill -TERM "$run_pid"
expect_end 143
equal 'requests while it waits' "$(requests)" "$before"

expect 0 backup --jitter 1s
stderr_has 'waiting for'
backups_are 1

# A folder that is not there costs no request, and neither does a bad name.
expect 2 lifeboat backup --vault "$work" --cluster 'a b' "${connection[@]}" --jitter 10h
expect 3 lifeboat backup --vault "$work/nowhere" --cluster prod "${connection[@]}" --jitter 10h
expect 2 lifeboat backup --vault s3://no_bucket! --cluster prod "${connection[@]}" --jitter 10h
