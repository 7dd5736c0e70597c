#!/usr/bin/env bash
# No lock-in: etcd's own client restores the snapshot as it lies in the vault.
source "$(dirname "$0")/lib.sh"

start 1
etcdctl put /registry/configmaps/default/proof 'it is back' >/dev/null
expect 0 backup
kill -KILL "${member_pids[1]}"
wait "${member_pids[1]}" 2>/dev/null || true

ETCDCTL_API=3 "$etcd_bin/etcdctl" snapshot restore "$(echo "$vault"/prod/backups/*/snapshot_*.db)" \
  --data-dir "$work/restored" --name m1 --initial-cluster "m1=${peer_urls[1]}" \
  --initial-advertise-peer-urls "${peer_urls[1]}" >/dev/null 2>&1
rm -r "$work/etcd/m1"
mv "$work/restored" "$work/etcd/m1"
start_member 1 "m1=${peer_urls[1]}"
wait_for_member 1
equal 'the key' "$(etcdctl get --print-value-only /registry/configmaps/default/proof)" 'it is back'
