#!/usr/bin/env bash
# The write-ahead log in a folder of its own: made, put into an empty one, and kept with --replace.
# Runs with every etcd.
source "$(dirname "$0")/lib.sh"

start 1
etcdctl put /key old >/dev/null
take_snapshot
stop_cluster

mkdir "$work/ours" "$work/empty-wal"
start_with_wal() {
  cluster=$work/ours
  start_member 1 "$initial_cluster" --wal-dir "$1"
  wait_for_member 1
  equal 'the key' "$(etcdctl get --print-value-only /key)" old
}
for wal in "$work/made-wal" "$work/empty-wal"; do
  rm -rf "$work/ours/m1"
  expect 0 restore "$snapshot" --data-dir "$work/ours/m1" --wal-dir "$wal"
  [ ! -e "$work/ours/m1/member/wal" ] || wrong 'there is a log in the data directory as well'
  start_with_wal "$wal"
  stop_cluster
done

expect 2 restore "$snapshot" --data-dir "$work/ours/m1" --wal-dir "$work/empty-wal"
stderr_has --replace
mv "$work/ours/m1" "$work/elsewhere"
expect 2 restore "$snapshot" --data-dir "$work/ours/m1" --wal-dir "$work/empty-wal"
stderr_has "$work/empty-wal" --replace
[ ! -e "$work/ours/m1" ] || wrong "a data directory was made: $(find "$work/ours")"
mv "$work/elsewhere" "$work/ours/m1"

expect 0 restore "$snapshot" --data-dir "$work/ours/m1" --wal-dir "$work/empty-wal" --replace
stdout_has "$work/ours/m1/member.before-" "$work/empty-wal.before-"
start_with_wal "$work/empty-wal"
