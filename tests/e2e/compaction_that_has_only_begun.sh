#!/usr/bin/env bash
# A snapshot that is taken while etcd is still removing what was compacted: its HashKV is that of
# the member, then and when the member is done.
# Runs with every etcd.
source "$(dirname "$0")/lib.sh"

# One record in each step, with a pause of 100 ms in 3.4; it can be set in 3.5.
slowly=(--experimental-compaction-batch-limit 1)
[ "$etcd_version" = 3.4 ] || slowly+=(--experimental-compaction-sleep-interval 60s)
start 1 "${slowly[@]}"
write_history
# 400 records of four keys, which take 3.4 more than forty seconds to remove.
for i in $(seq 100); do
  { echo; printf "put /overwritten/%s $i\n" a b c d; echo; echo; } | etcdctl txn
done >/dev/null
compacted=$(($(revision) - 1))
etcdctl compact "$compacted" >/dev/null
live=$(live_hash)

expect 0 backup -o json
equal 'the compaction' "$(json .backup.etcd.compact_revision)" "$compacted"
equal 'the verdict' "$(json .backup.etcd.hash_kv.live)" equal
snapshot=$(echo "$vault"/prod/backups/*/snapshot_*.db)
verify_file "$snapshot"
equal 'the hash' "$(json '.results[0] | "\(.hash_kv) \(.compact_revision)"')" "$live"
keys=$(json '.results[0].keys')
records=$(json '.results[0].records')
# Most of what was overwritten is still in it.
[ "$records" -ge $((keys + 90)) ] || wrong "the compaction was done: $records records"

# The same member when it is done, with the batches that etcd has by itself.
stop_member 1
start_member 1 "m1=${peer_urls[1]}"
wait_for_member 1
is_done() {
  expect 0 backup -o json
  [ "$(json .backup.etcd.records)" -le $((keys + 10)) ]
}
wait_until is_done
equal 'the hash when it is done' "$(live_hash)" "$live"
equal 'the hash of a snapshot then' \
  "$(json '.backup.etcd.hash_kv | "\(.hash) \(.compact_revision)"')" "$live"
