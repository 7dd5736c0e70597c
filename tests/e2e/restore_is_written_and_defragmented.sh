#!/usr/bin/env bash
# What was restored is a database like any other to etcd: it writes into it, compacts it and
# defragments it, while it runs and while it does not.
# Runs with every etcd.
source "$(dirname "$0")/lib.sh"

start 1
write_history
fill_megabytes 20
take_snapshot
stop_cluster
mkdir "$work/ours"
expect 0 restore latest --vault "$vault" --data-dir "$work/ours/m1" --bump-revision 0
database=$work/ours/m1/member/snap/db
if command -v bbolt >/dev/null; then
  expect 0 bbolt check "$database"
else
  echo "skipped: bbolt's own checker, which is not installed"
fi

# it_is_whole: the member, which is stopped, has left pages, records and a hash that are right.
it_is_whole() {
  verify_file "$database"
  equal 'ok' "$(json .ok)" true
  equal 'the hash' "$(json '.results[0] | "\(.hash_kv) \(.compact_revision)"')" "$hash"
}

start_restored "$work/ours"
write_history
etcdctl del --prefix /registry/ >/dev/null
etcdctl compact --physical "$(revision)" >/dev/null
etcdctl put /history/last 'the last change' >/dev/null
every_key >"$work/keys"
hash=$(live_hash)
stop_cluster
it_is_whole
written_bytes=$(stat -c %s "$database")

etcds_tool defrag --data-dir "$work/ours/m1"
it_is_whole
[ "$(stat -c %s "$database")" -lt $((written_bytes / 4)) ] || wrong 'there was nothing to give back'
start_restored "$work/ours"
every_key >"$work/keys.defragmented"
same 'what is there' "$work/keys" "$work/keys.defragmented"
equal 'the hash after defragmenting' "$(live_hash)" "$hash"

write_history
quietly etcdctl defrag
write_history
every_key >"$work/keys"
hash=$(live_hash)
stop_cluster
it_is_whole
start_restored "$work/ours"
every_key >"$work/keys.again"
same 'what is there after all' "$work/keys" "$work/keys.again"
