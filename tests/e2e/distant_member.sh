#!/usr/bin/env bash
# A member far away, 10 ms each way: the stream does not wait for an answer after every few pieces.
# At 64 KiB a round trip this takes over 7 s.
source "$(dirname "$0")/lib.sh"

start 1
fill_megabytes 24
put_far_away 1 10
connect_to "$(endpoints)"
expect 0 backup
took_less_than 5
backups_are 1
