#!/usr/bin/env bash
# The database of a stopped member proves to be whole, too: it has no trailer, which is said, and
# its HashKV is what the member answered last.
# Runs with every etcd.
source "$(dirname "$0")/lib.sh"

start 1
write_history
etcdctl compact --physical 5 >/dev/null
live=$(live_hash)
expect 0 backup
snapshot=$(echo "$vault"/prod/backups/*/snapshot_*.db)
stop_member 1
database=$work/etcd/m1/member/snap/db

verify_file "$snapshot"
equal 'checks of the snapshot' "$(json '.results[0].checks | join(" ")')" \
  'trailer pages records hash_kv'
equal 'notes on the snapshot' "$(json '.results[0].notes | length')" 0
expected=$(json '.results[0] | "\(.keys) \(.records) \(.leases) \(.revision)"')

before=$(sha256sum "$database")
verify_file "$database"
equal 'ok' "$(json '.ok')" true
equal 'the path' "$(json '.results[0].path')" "$database"
equal 'checks of the database' "$(json '.results[0].checks | join(" ")')" 'pages records hash_kv'
equal 'what it holds' "$(json '.results[0] | "\(.keys) \(.records) \(.leases) \(.revision)"')" \
  "$expected"
equal 'the hash' "$(json '.results[0] | "\(.hash_kv) \(.compact_revision)"')" "$live"
equal 'the database afterwards' "$(sha256sum "$database")" "$before"

expect 0 lifeboat verify "$database"
stdout_has "note: $database has no trailer"
