#!/usr/bin/env bash
# The only member dies while it sends: no backup, no partial file, and the old backup stands.
source "$(dirname "$0")/lib.sh"

start 1
expect 0 backup
fill_megabytes 24
slow_down 1 12000000
connect_to "${member_urls[1]}"
start_backup
wait_until stream_has 1000000
kill -KILL "${member_pids[1]}"
expect_end 6
stderr_has "${member_urls[1]}"
no_leftovers
backups_are 1
