#!/usr/bin/env bash
# Somebody else fills the disk while the snapshot arrives: no half backup, the old one stands.
source "$(dirname "$0")/lib.sh"

needs_root
start 1
mount -t tmpfs -o size=64m none "$vault"
expect 0 backup
fill_megabytes 24
slow_down 1 12000000
connect_to "${member_urls[1]}"
start_backup
wait_until stream_has 1000000
head -c 80000000 /dev/zero >"$vault/of-somebody-else" 2>/dev/null || true
expect_end 5
stderr_has "$vault" space
no_leftovers
backups_are 1

rm "$vault/of-somebody-else"
expect 0 backup
backups_are 2
