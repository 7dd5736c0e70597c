#!/usr/bin/env bash
# A vault whose lock holder was killed is free.
source "$(dirname "$0")/lib.sh"

start 1
fill_megabytes 24
direct=${member_urls[1]}
slow_down 1 12000000
connect_to "${member_urls[1]}"
start_backup
wait_until stream_has 1000000
expect 7 backup
kill -KILL "$run_pid"
expect_end 137
connect_to "$direct"
expect 0 backup
no_leftovers
backups_are 1
