#!/usr/bin/env bash
# A snapshot of etcd 3.4 is restored for 3.5, which starts on it; steps that etcd does not make are
# refused with the reason.
source "$(dirname "$0")/lib.sh"

newer=$root/build/etcd/3.5/usr/bin
start 1
write_history
take_snapshot
hash=$(live_hash)
stop_cluster
mkdir "$work/ours"
refused() {
  expect 2 restore "$snapshot" --data-dir "$work/ours/m1" --etcd-version "$1"
  stderr_has "$2"
  whole_or_nothing "$work/ours/m1"
}
refused 3.6 'one minor version at a time'
refused 3.3 'no restore is known for etcd 3.3'
refused 4.0 'no restore is known for etcd 4.0'
refused newest 'no version of etcd'

[ -x "$newer/etcd" ] || skip 'etcd 3.5 is not there: scripts/setup --etcd-versions'
expect 0 restore "$snapshot" --data-dir "$work/ours/m1" --etcd-version 3.5 --bump-revision 0
etcd_bin=$newer
start_restored "$work/ours"
equal 'the version' "$(status_of 1 Version | tr -d '"' | cut -d . -f 1,2)" 3.5
equal 'the hash' "$(live_hash)" "$hash"
etcdctl put /after 'the upgrade' >/dev/null
take_snapshot
stop_cluster

rm -r "$work/ours/m1"
refused 3.4 'takes no data of a newer one'
expect 0 restore "$snapshot" --data-dir "$work/ours/m1" --bump-revision 0
start_restored "$work/ours"
equal 'the key' "$(etcdctl get --print-value-only /after)" 'the upgrade'
