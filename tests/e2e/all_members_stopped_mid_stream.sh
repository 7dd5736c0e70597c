#!/usr/bin/env bash
# All members hang while one sends: the stall deadline ends the stream.
source "$(dirname "$0")/lib.sh"

start 3
fill_megabytes 24
for member in 1 2 3; do slow_down "$member" 12000000; done
connect_to "$(endpoints)"
start_backup --stall-timeout 2s --first-byte-timeout 2s --dial-timeout 2s
wait_until stream_has 1000000
kill -STOP "${member_pids[@]:1}"
expect_end 6
took_less_than 20
stderr_has 'nothing came for 2 s' 'did not answer within 2 s'
no_leftovers
backups_are 0
