#!/usr/bin/env bash
# A drill starts the real etcd on a restored backup, with leases, users and a compaction in it, finds
# everything as it was, records that in the vault, writes reports, and leaves nothing else behind.
# Runs with every etcd.
source "$(dirname "$0")/lib.sh"

start 1
write_history
etcdctl put /history/short-lived soon --lease \
  "$(etcdctl lease grant 5 | sed -E 's/lease ([0-9a-f]+) .*/\1/')" >/dev/null
etcdctl compact "$(($(revision) - 9))" >/dev/null
etcdctl user add root:sesame-17 >/dev/null
etcdctl auth enable >/dev/null 2>&1
printf 'sesame-17\n' >"$work/password"
expect 0 backup --user root --password-file "$work/password" -o json
hash=$(json .backup.etcd.hash_kv.hash)
keys=$(json .backup.etcd.keys)

mkdir "$work/scratch" "$work/reports"
# None of this is for the etcd that is started.
export ETCD_LISTEN_CLIENT_URLS=nonsense ETCD_NAME=leaked
expect 0 in_vault drill latest --etcd "$etcd_bin/etcd" --scratch "$work/scratch" -o json \
  --report "$work/reports/drill.html" --report "$work/reports/drill.json"
equal 'the verdict' "$(json .ok)" true
equal 'the expected hash' "$(json .hash_kv.expected)" "$hash"
equal 'the hash' "$(json .hash_kv.actual)" "$hash"
equal 'the keys' "$(json .keys)" "$keys"
equal "etcd's version" "$(json .etcd_version | cut -d. -f1,2)" "$etcd_version"
equal 'the sample' "$(json .sampled_keys)" 100
equal 'failed checks' "$(json '[.checks[] | select(.ok | not)] | length')" 0
equal 'both times' "$(json '.restore_seconds > 0 and .boot_seconds > 0')" true
cmp "$work/out" "$work/reports/drill.json"
grep -q '^<!DOCTYPE html>' "$work/reports/drill.html"
! grep -qE '<script|src=|href=' "$work/reports/drill.html" || wrong 'the page needs more files'
! grep -rq sesame-17 "$work/reports" "$vault/prod/drills" || wrong 'the password is told'

record=$(json .record)
cmp "$work/reports/drill.json" "$vault/$record"
expect 0 in_vault list -o json
equal 'what list says' "$(json '.backups[0].drilled.ok')" true
expect 0 in_vault list
stdout_has DRILLED
[ -z "$(ls -A "$work/scratch")" ] || wrong "left in the scratch folder: $(find "$work/scratch")"
! pgrep -f "data-dir $work/scratch" >/dev/null || wrong 'an etcd still runs'

# A file, found through PATH; nothing is recorded for it.
PATH=$etcd_bin:$PATH expect 0 lifeboat drill "$(newest_folder)"/snapshot_*.db \
  --scratch "$work/scratch" -o json
equal 'the verdict on the file' "$(json .ok)" true
equal 'drills in the vault' "$(find "$vault/prod/drills" -name '*.json' | wc -l)" 1
