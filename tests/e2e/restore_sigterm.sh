#!/usr/bin/env bash
# SIGTERM and SIGINT end a restore within a second, and nothing is left: while it writes, and while
# it waits for standard input.
source "$(dirname "$0")/lib.sh"

start 1
fill_megabytes 60
take_snapshot
stop_cluster
mkdir "$work/ours"
mkfifo "$work/pipe"

is_there() { [ -e "$1" ]; }
for signal in TERM INT; do
  identity_of 1
  start_run restore "$snapshot" "${identity[@]}" --data-dir "$work/ours/m1"
  wait_until is_there "$work/ours/m1/member.partial/new/snap/db"
  kill "-$signal" "$run_pid"
  expect_end $((128 + $(kill -l "$signal")))
  took_less_than 1
  whole_or_nothing "$work/ours"

  # The pipe gives half of it and then nothing more.
  "$LIFEBOAT" restore - "${identity[@]}" --data-dir "$work/ours/m1" \
    <"$work/pipe" >"$work/out" 2>"$work/err" &
  run_pid=$!
  exec 7>"$work/pipe"
  head -c 20000000 "$snapshot" >&7
  kill "-$signal" "$run_pid"
  expect_end $((128 + $(kill -l "$signal")))
  took_less_than 1
  whole_or_nothing "$work/ours"
  exec 7>&-
done
expect 0 restore "$snapshot" --data-dir "$work/ours/m1"
start_restored "$work/ours"
