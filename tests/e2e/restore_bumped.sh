#!/usr/bin/env bash
# After a bump every old revision is compacted and every new one is far above, as etcdutl leaves
# them, and etcd answers the hash that lifeboat printed. Kubernetes objects are bumped unasked.
# Runs with every etcd.
source "$(dirname "$0")/lib.sh"

start 1
write_history
# The values of Kubernetes begin with these four bytes, where they are no JSON.
printf 'k8s\0\n\017' | etcdctl put /registry/configmaps/default/proof >/dev/null
etcdctl put /history/last 'the last change' >/dev/null
newest=$(revision)
take_snapshot
stop_cluster

mkdir "$work/ours" "$work/plain"
expect 0 restore "$snapshot" --data-dir "$work/ours/m1" -o json
bumped=$((newest + 1000000000))
equal 'the revision of the snapshot' "$(json .revision)" "$newest"
equal 'the bump' "$(json .bumped_to)" "$bumped"
our_hash=$(json .hash_kv)
our_keys=$(json .keys)

start_restored "$work/ours"
equal 'the revision' "$(revision)" "$bumped"
equal 'hash and compaction' "$(live_hash)" "$our_hash $bumped"
ask_everything >"$work/ours.everything"
equal 'the keys' "$(sed -n 's/^"Count" : //p' "$work/ours.everything")" "$our_keys"
etcdctl watch --prefix '' --rev "$newest" >"$work/ours.events" 2>&1 || true
grep -q 'has been compacted' "$work/ours.events" || wrong "a watch of old revisions goes on"
etcdctl put /history/next 1 >/dev/null
equal 'the next revision' "$(revision)" $((bumped + 1))
events_from $((bumped + 1)) >"$work/ours.events"
grep -q '/history/next' "$work/ours.events" ||
  wrong "a watch of new revisions is told: $(cat "$work/ours.events")"
stop_cluster

expect 0 restore "$snapshot" --data-dir "$work/plain/m1" --bump-revision 0 -o json
equal 'no bump' "$(json .bumped_to)" null

"$etcd_bin/etcdutl" snapshot restore --help 2>&1 | grep -q bump-revision || exit 0
etcds_restore "$snapshot" "$work/etcds/m1" --bump-revision 1000000000 --mark-compacted
start_restored "$work/etcds"
ask_everything >"$work/etcds.everything"
same 'what is there' "$work/ours.everything" "$work/etcds.everything"
