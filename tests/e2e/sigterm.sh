#!/usr/bin/env bash
# SIGTERM in mid-stream: the end comes within a second, and nothing that counts is left.
source "$(dirname "$0")/lib.sh"

use_tls
start 1
fill_megabytes 24
expect 0 backup
slow_down 1 5000000
connect_to "${member_urls[1]}"
for signal in TERM INT; do
  start_backup
  wait_until stream_has 1000000
  kill "-$signal" "$run_pid"
  expect_end $((128 + $(kill -l "$signal")))
  took_less_than 1
  no_leftovers
done
backups_are 1
