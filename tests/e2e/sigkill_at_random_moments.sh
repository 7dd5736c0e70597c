#!/usr/bin/env bash
# SIGKILL at 50 random moments: what was there stays whole, and the next run cleans up.
source "$(dirname "$0")/lib.sh"

seed=${SEED:-$RANDOM}
say "seed $seed (SEED=$seed repeats the moments)"
RANDOM=$seed
start 1
fill_megabytes 8
expect 0 backup
# An undisturbed run tells how far apart the moments may lie.
longest=$((milliseconds * 11 / 10))
while [ "$killed" -lt 50 ]; do
  kill_at_random start_backup --keep-last 3
  if [ $((runs % 10)) -eq 0 ]; then
    expect 0 in_vault list
    expect 0 in_vault verify --all
  fi
done
say "$killed of $runs runs were killed"
expect 0 in_vault verify --all
expect 0 backup --keep-last 3
no_leftovers
backups_are 3
