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
killed=0 runs=0
while [ "$killed" -lt 50 ]; do
  runs=$((runs + 1))
  [ "$runs" -le 150 ] || wrong "only $killed of $runs runs lived long enough to be killed"
  start_backup --keep-last 3
  moment=$((RANDOM % longest))
  sleep "$((moment / 1000)).$(printf %03d $((moment % 1000)))"
  kill -KILL "$run_pid" 2>/dev/null || true
  status=0
  wait "$run_pid" 2>/dev/null || status=$?
  case $status in
    137) killed=$((killed + 1)) ;;
    0) ;;
    *) wrong "exit $status after $moment ms" ;;
  esac
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
