#!/usr/bin/env bash
# Two backups into one vault: one runs, the other ends at once with "busy". Readers are welcome.
source "$(dirname "$0")/lib.sh"

start 1
fill_megabytes 24
expect 0 backup
slow_down 1 12000000
connect_to "${member_urls[1]}"
start_backup
wait_until stream_has 1000000
mv "$work/err" "$work/first.err"
expect 7 backup
took_less_than 2
stderr_has "$vault"
expect 7 in_vault prune
backups_are 1
expect_end 0
backups_are 2
