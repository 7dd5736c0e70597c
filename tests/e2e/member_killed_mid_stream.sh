#!/usr/bin/env bash
# The chosen member dies while it sends: the next one is used, and its partial file is gone.
source "$(dirname "$0")/lib.sh"

start 3
fill_megabytes 24
for member in 1 2 3; do slow_down "$member" 12000000; done
connect_to "$(endpoints)"
start_backup -o json
wait_until stream_has 1000000
for member in 1 2 3; do
  if grep -qF "${member_urls[member]}" <(head -n 1 "$work/err"); then chosen=$member; fi
done
kill -KILL "${member_pids[${chosen:?no member was named as chosen}]}"
expect_end 8
stderr_has "${member_urls[chosen]}"
[ "$(json .backup.etcd.endpoint)" != "${member_urls[chosen]}" ] || wrong 'it names the dead member'
equal 'the number of snapshots' "$(find "$vault" -name 'snapshot_*' | wc -l)" 1
no_leftovers
backups_are 1
