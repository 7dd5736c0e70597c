#!/usr/bin/env bash
# Killed fifty times at any moment of a backup into a bucket: no catalog is there without its files,
# the lock is free after its time, and the next run removes what the dead ones left.
source "$(dirname "$0")/lib.sh"

start 1
fill_megabytes 20

# A lease lasts for a minute of the server's.
ahead=0
let_lease_run_out() {
  ahead=$((ahead + 61))
  ask_bucket ahead "$ahead" >/dev/null
}

killed_early() {
  local before
  before=$(wc -l <"$work/log")
  start_backup --keep-last 2
  until tail -n "+$((before + 1))" "$work/log" | grep -q '^PUT .*[.]lock'; do sleep 0.05; done
  kill -KILL "$run_pid"
  wait "$run_pid" 2>/dev/null || true
}

# Whoever finds a dead run's lease waits before it takes it, so most moments are in that wait. Of
# these runs every second is killed later: once it looks for what dead runs have left.
start_run_of_two() {
  local before
  before=$(wc -l <"$work/log")
  start_backup --keep-last 2
  [ "$((runs % 2))" -eq 0 ] || return 0
  until tail -n "+$((before + 1))" "$work/log" | grep -q 'uploads=$'; do
    kill -0 "$run_pid" 2>/dev/null || return 0
    sleep 0.02
  done
}

# Something lies there that no catalog names.
has_leftovers() {
  local folders
  folders=$(bucket_keys | sed -n 's,.*prod/backups/\([^/]*\)/.*,\1,p' | sort -u | wc -l)
  [ "$folders" -gt "$(bucket_keys | grep -c /backup.json)" ]
}

# kill_ten NUMBER: in a bucket of its own.
kill_ten() {
  local whole late caught=0
  work=$work/$1
  mkdir "$work"
  trap 'kill -KILL $(jobs -p) 2>/dev/null' EXIT
  start_bucket --log "$work/log"
  expect 0 backup
  late=$((milliseconds / 2))
  killed_early
  let_lease_run_out
  expect 0 backup --keep-last 2
  whole=$milliseconds
  while [ "$killed" -lt 10 ]; do
    # The run that is to come counts already when it is started.
    if [ "$((runs % 2))" -eq 0 ]; then longest=$whole; else longest=$late; fi
    kill_at_random start_run_of_two
    ! has_leftovers || caught=$((caught + 1))
    let_lease_run_out
    bucket_is_sound
  done
  echo "$caught" >"$work/caught"
  say "$killed of $runs runs were killed; $caught times something was left"

  killed_early
  expect 7 backup
  let_lease_run_out
  expect 0 backup --keep-last 2
  bucket_has_no_leftovers
  backups_are 2
}

# They mostly wait, so they do it beside each other.
lanes=()
for number in 1 2 3 4 5; do
  kill_ten "$number" &
  lanes+=($!)
done
for lane in "${lanes[@]}"; do wait "$lane"; done
caught=$(($(cat "$work"/*/caught | paste -sd +)))
[ "$caught" -ge 5 ] || wrong "after only $caught of fifty runs something was left"
