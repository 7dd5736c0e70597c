#!/usr/bin/env bash
# What lifeboat restores and what etcd's own tool restores can't be told apart by any client: keys,
# revisions, versions, leases, users, members, hash, watches.
# Runs with every etcd.
source "$(dirname "$0")/lib.sh"

start 1
write_history
etcdctl user add alice:sesame-17 >/dev/null
etcdctl role add reader >/dev/null
etcdctl role grant-permission reader --prefix=true read /history/ >/dev/null
etcdctl user grant-role alice reader >/dev/null
before=$(($(revision) - 12))
etcdctl compact --physical "$before" >/dev/null
write_history
etcdctl put /history/last 'the last change' >/dev/null
take_snapshot
newest=$(revision)
every_key >"$work/original.keys"
live_hash >"$work/original.hash"
stop_cluster

mkdir "$work/ours"
expect 0 restore latest --vault "$vault" --data-dir "$work/ours/m1" --bump-revision 0 -o json
equal 'the revision' "$(json .revision)" "$newest"
equal 'no bump' "$(json .bumped_to)" null
our_hash=$(json .hash_kv)
our_keys=$(json .keys)
cluster_id=$(json .cluster_id)
member_id=$(json .member_id)
etcds_restore "$snapshot" "$work/etcds/m1"

for tool in ours etcds; do
  start_restored "$work/$tool"
  ask_everything >"$work/$tool.everything"
  events_from $((before + 1)) >"$work/$tool.events"
  etcdctl watch --prefix '' --rev 2 >"$work/$tool.compacted" 2>&1 || true
  etcdctl user get alice --detail >"$work/$tool.user"
  every_key >"$work/$tool.keys"
  live_hash >"$work/$tool.hash"
  equal "the hash of $tool" "$(cut -d ' ' -f 1 "$work/$tool.hash")" "$our_hash"
  equal "the keys of $tool" "$(sed -n 's/^"Count" : //p' "$work/$tool.keys")" "$our_keys"
  equal "the cluster of $tool" "$(printf %x "$(status_of 1 ClusterID)")" "$cluster_id"
  equal "the member of $tool" "$(member_id 1)" "$member_id"
  stop_cluster
done
same 'what is there' "$work/ours.everything" "$work/etcds.everything"
same 'what a watch is told' "$work/ours.events" "$work/etcds.events"
same 'what a watch of what is compacted is told' "$work/ours.compacted" "$work/etcds.compacted"
grep -q 'has been compacted' "$work/ours.compacted" || wrong "$(cat "$work/ours.compacted")"
grep -q '/history/' "$work/ours.user" || wrong "alice has no role: $(cat "$work/ours.user")"
same 'the hash' "$work/ours.hash" "$work/original.hash"
# The ids in the answers are those of another cluster.
for file in original ours; do
  grep -vE '^"(Cluster|Member)ID"' "$work/$file.keys" >"$work/$file.only"
done
same 'what was there' "$work/ours.only" "$work/original.only"
