#!/usr/bin/env bash
# A vault on a read-only volume can be listed, shown and verified; a backup says why it can't.
source "$(dirname "$0")/lib.sh"

needs_root
start 1
expect 0 backup
mount --bind "$vault" "$vault"
mount -o remount,bind,ro "$vault"
expect 0 in_vault list
stdout_has "$(basename "$(newest_folder)")"
expect 0 in_vault show latest
expect 0 in_vault verify --all
expect 5 backup
stderr_has "$vault" read-only
