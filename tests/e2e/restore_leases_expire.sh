#!/usr/bin/env bash
# Leases come back with their keys and their full time, and end as any lease does.
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
start_restored "$work/ours"
equal 'keys at first' "$(etcdctl get --prefix /short --keys-only | grep -c /)" 2
equal 'leases at first' "$(etcdctl lease list | tail -n +2 | wc -l)" 2
sleep 15
short_is_gone() { [ -z "$(etcdctl get --prefix /short)" ]; }
wait_until short_is_gone
equal 'keys that stay' "$(etcdctl get --prefix '' --keys-only | grep -c /)" 2
equal 'leases that stay' "$(etcdctl lease list | tail -n +2)" "$long"
etcdctl lease keep-alive --once "$long" >/dev/null
etcdctl lease revoke "$long" >/dev/null
equal 'the key of a revoked lease' "$(etcdctl get /long)" ''
