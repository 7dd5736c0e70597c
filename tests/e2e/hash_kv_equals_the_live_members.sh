#!/usr/bin/env bash
# HashKV as verify computes it is what the member itself answers: with leases, deletes and
# transactions, before a compaction, after it, and with nothing written since.
# Runs with every etcd.
source "$(dirname "$0")/lib.sh"

# check WHAT: takes a backup and compares.
check() {
  local live id
  live=$(live_hash)
  expect 0 backup -o json
  equal "the member's verdict, $1" "$(json .backup.etcd.hash_kv.live)" equal
  equal "warnings, $1" "$(json '.backup.warnings | length')" 0
  equal "the catalog's hash, $1" \
    "$(json '.backup.etcd.hash_kv | "\(.hash) \(.compact_revision)"')" "$live"
  id=$(json .backup.id)
  verify_file "$vault/prod/backups/$id/snapshot_$id.db"
  equal "the hash, $1" "$(json '.results[0] | "\(.hash_kv) \(.compact_revision)"')" "$live"
  equal "the revision, $1" "$(json '.results[0].revision')" "$(revision)"
  equal "the keys, $1" "$(json '.results[0].keys')" \
    "$(etcdctl get --prefix '' -w json | jq '.count // 0')"
}

start 1
check 'of an empty store'
write_history
check 'before any compaction'
middle=$(($(revision) - 9))
etcdctl compact --physical "$middle" >/dev/null
check 'after a compaction'
etcdctl put /history/later later >/dev/null
etcdctl compact --physical "$(revision)" >/dev/null
check 'after a compaction to the newest revision'
etcdctl del /history/later >/dev/null
etcdctl compact --physical "$(revision)" >/dev/null
check 'after a compaction to a deletion'
etcdctl put /history/later later >/dev/null
check 'after that'
etcdctl del --prefix '' >/dev/null
check 'with every key deleted'
etcdctl compact --physical "$(revision)" >/dev/null
check 'with every key deleted and compacted'
