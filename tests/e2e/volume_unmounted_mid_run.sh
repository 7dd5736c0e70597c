#!/usr/bin/env bash
# The vault's volume is unmounted while the snapshot arrives: nothing lands on the disk below it.
source "$(dirname "$0")/lib.sh"

needs_root
start 1
fill_megabytes 24
slow_down 1 12000000
connect_to "${member_urls[1]}"
mount -t tmpfs -o size=100m none "$vault"
start_backup
wait_until stream_has 1000000
umount --lazy "$vault"
expect_end 5
stderr_has "$vault" vanished volume
equal 'what is in the folder below' "$(ls -A "$vault")" ''
