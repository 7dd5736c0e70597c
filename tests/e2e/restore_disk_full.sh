#!/usr/bin/env bash
# The disk of the data directory is full: nothing is left on it, and with more room it works.
source "$(dirname "$0")/lib.sh"

needs_root
start 1
fill_megabytes 12
take_snapshot
stop_cluster

mkdir "$work/ours"
mount -t tmpfs -o size=8m none "$work/ours"
expect 5 restore "$snapshot" --data-dir "$work/ours/m1"
stderr_has "$work/ours" space
whole_or_nothing "$work/ours"
expect 5 restore "$snapshot" --data-dir "$work/ours"
whole_or_nothing "$work/ours"
through_a_pipe() { restore - --data-dir "$work/ours/m1" <"$snapshot"; }
expect 5 through_a_pipe
whole_or_nothing "$work/ours"
expect 5 lifeboat restore "$snapshot" --all-members "$work/ours" \
  --initial-cluster "$initial_cluster"
whole_or_nothing "$work/ours"

mount -o remount,size=64m "$work/ours"
expect 0 restore "$snapshot" --data-dir "$work/ours/m1"
start_restored "$work/ours"
