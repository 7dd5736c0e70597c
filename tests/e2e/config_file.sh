#!/usr/bin/env bash
# Settings from a file, with the names of the flags; the environment and flags come before it.
source "$(dirname "$0")/lib.sh"

start 1
cat >"$work/lifeboat.yaml" <<CONFIG
vault: $vault
cluster: prod
endpoints: ["${member_urls[1]}"]
keep_last: 1
CONFIG
expect 0 lifeboat backup --config "$work/lifeboat.yaml"
expect 0 lifeboat backup --config "$work/lifeboat.yaml"
backups_are 1
expect 0 lifeboat backup --config "$work/lifeboat.yaml" --keep-last 2
LIFEBOAT_KEEP_LAST=3 expect 0 lifeboat backup --config "$work/lifeboat.yaml"
backups_are 3

echo 'keep_lats: 2' >>"$work/lifeboat.yaml"
expect 2 lifeboat backup --config "$work/lifeboat.yaml"
stderr_has keep_lats keep_last "$work/lifeboat.yaml"
