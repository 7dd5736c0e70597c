#!/usr/bin/env bash
# A data directory that is there is refused and not touched; with --replace it is kept beside, and
# etcd starts on either.
source "$(dirname "$0")/lib.sh"

start 1
etcdctl put /key old >/dev/null
take_snapshot
etcdctl put /key new >/dev/null
stop_cluster
data_dir=$work/etcd/m1
checksums() { find "$1" -type f -exec sha256sum '{}' + | sed "s|$1/||" | sort; }
checksums "$data_dir/member" >"$work/before"

expect 2 restore "$snapshot" --data-dir "$data_dir"
stderr_has "$data_dir" --replace
checksums "$data_dir/member" >"$work/after"
same 'the data directory' "$work/before" "$work/after"
whole_or_nothing "$data_dir"

expect 0 restore "$snapshot" --data-dir "$data_dir" --replace -o json
kept=$(json '.members[0].replaced')
checksums "$kept" >"$work/after"
same 'what was kept' "$work/before" "$work/after"
start_restored "$work/etcd"
equal 'the key' "$(etcdctl get --print-value-only /key)" old
stop_cluster

expect 0 restore "$snapshot" --data-dir "$data_dir" --replace
equal 'what is kept' "$(find "$data_dir" -maxdepth 1 -name 'member.before-*' | wc -l)" 2
mv "$data_dir/member" "$work/second"
mv "$kept" "$data_dir/member"
start_restored "$work/etcd"
equal 'the key of before' "$(etcdctl get --print-value-only /key)" new
