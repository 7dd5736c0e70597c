#!/usr/bin/env bash
# The password stands in no list of processes, no output and no catalog.
source "$(dirname "$0")/lib.sh"

start 1
etcdctl user add root:sesame-17 >/dev/null
etcdctl auth enable >/dev/null 2>&1
fill_megabytes 8 2>/dev/null || true
slow_down 1 20000
connect_to "${member_urls[1]}"
printf 'sesame-17' >"$work/password"
start_backup --user root --password-file "$work/password" --log-format json
sleep 0.5
! tr '\0' ' ' <"/proc/$run_pid/cmdline" | grep -q sesame || wrong 'it is in the command line'
expect_end 0
! grep -rq sesame "$vault" "$work/out" "$work/err" || wrong 'it was written down'

expect 2 backup --user root:sesame-17
! grep -q sesame "$work/err" || wrong 'it was printed'
expect 2 backup --user root --password sesame-17
! grep -q sesame "$work/err" || wrong 'it was printed'
