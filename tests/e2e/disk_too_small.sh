#!/usr/bin/env bash
# The disk can't hold the snapshot: said before anything is written, with both numbers.
source "$(dirname "$0")/lib.sh"

needs_root
start 1
fill_megabytes 12
mount -t tmpfs -o size=8m none "$vault"
expect 5 backup
stderr_has "$vault" '8.0 MiB'
took_less_than 3
no_leftovers
backups_are 0
