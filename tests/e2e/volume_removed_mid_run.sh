#!/usr/bin/env bash
# The vault's folder vanishes while the snapshot arrives: a clean failure, nothing made in its place.
source "$(dirname "$0")/lib.sh"

start 1
fill_megabytes 24
slow_down 1 12000000
connect_to "${member_urls[1]}"
start_backup
wait_until stream_has 1000000
rm -rf "$vault"
expect_end 5
stderr_has "$vault" vanished volume
[ ! -e "$vault" ] || wrong "the vault was made anew: $(find "$vault")"
