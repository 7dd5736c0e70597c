#!/usr/bin/env bash
# Leases come back with their keys and their full time, and end as any lease does, and as those that
# etcd's own tool restores.
# Runs with every etcd.
source "$(dirname "$0")/lib.sh"

start 1
grant() { etcdctl lease grant "$1" | sed -E 's/lease ([0-9a-f]+) .*/\1/'; }
short=$(grant 20)
long=$(grant 3600)
etcdctl put /short/1 'soon gone' --lease "$short" >/dev/null
etcdctl put /short/2 'soon gone' --lease "$short" >/dev/null
etcdctl put /long 'stays' --lease "$long" >/dev/null
etcdctl put /none 'stays' >/dev/null
take_snapshot
stop_cluster

mkdir "$work/ours"
expect 0 restore "$snapshot" --data-dir "$work/ours/m1"
etcds_restore "$snapshot" "$work/etcds/m1"
short_is_gone() { [ -z "$(etcdctl get --prefix /short)" ]; }
for tool in ours etcds; do
  start_restored "$work/$tool"
  equal "keys of $tool at first" "$(etcdctl get --prefix /short --keys-only | grep -c /)" 2
  equal "leases of $tool at first" "$(etcdctl lease list | tail -n +2 | wc -l)" 2
  sleep 15
  wait_until short_is_gone
  equal "keys of $tool that stay" "$(etcdctl get --prefix '' --keys-only | grep -c /)" 2
  equal "leases of $tool that stay" "$(etcdctl lease list | tail -n +2)" "$long"
  etcdctl lease timetolive "$long" --keys -w json | jq '{"granted-ttl", keys}' >"$work/$tool.lease"
  etcdctl lease keep-alive --once "$long" >/dev/null
  etcdctl lease revoke "$long" >/dev/null
  equal "the key of a revoked lease of $tool" "$(etcdctl get /long)" ''
  stop_cluster
done
same 'the lease that stays' "$work/ours.lease" "$work/etcds.lease"
grep -q 3600 "$work/ours.lease" || wrong "the lease: $(cat "$work/ours.lease")"
