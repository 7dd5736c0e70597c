#!/usr/bin/env bash
# A run that works in a scratch folder leaves nothing there: not when it ends, not when it is stopped,
# and not after the next run when it was killed.
source "$(dirname "$0")/lib.sh"

start 1
fill_megabytes 50
start_bucket
mkdir "$work/scratch"
scratch=$work/scratch

scratch_is_used() { [ -n "$(find "$scratch" -name '*.partial' -size +1000000c 2>/dev/null)" ]; }

for _ in 1 2 3; do
  start_backup --scratch "$scratch"
  wait_until scratch_is_used
  kill -TERM "$run_pid"
  expect_end 143
  equal 'what a stopped run leaves' "$(ls -A "$scratch")" ''
done

start_backup --scratch "$scratch"
wait_until scratch_is_used
kill -KILL "$run_pid"
wait "$run_pid" 2>/dev/null || true
[ -n "$(ls -A "$scratch")" ] || wrong 'nothing was left: this shows nothing'
ask_bucket ahead 61 >/dev/null
expect 0 backup --scratch "$scratch"
equal 'what is left after the next run' "$(ls -A "$scratch")" ''
bucket_is_sound
bucket_has_no_leftovers

expect 3 backup --scratch "$work/nowhere"
stderr_has --scratch
