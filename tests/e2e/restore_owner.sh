#!/usr/bin/env bash
# With --owner an etcd that is not root starts on what root restored; nobody else can read it.
source "$(dirname "$0")/lib.sh"

[ "$(id -u)" -eq 0 ] || skip 'only root gives files away'
start 1
etcdctl put /key old >/dev/null
take_snapshot
stop_cluster

mkdir "$work/ours"
expect 2 restore "$snapshot" --data-dir "$work/ours/m1" --owner no-such-user
stderr_has no-such-user /etc/passwd
expect 0 restore "$snapshot" --data-dir "$work/ours/m1" --wal-dir "$work/ours/wal" \
  --owner nobody:daemon
strangers=$(find "$work/ours"/* '(' ! -user nobody -o ! -group daemon ')')
equal 'what belongs to somebody else' "$strangers" ''
equal 'folders that others may read' "$(find "$work/ours"/* -type d ! -perm 0700)" ''
equal 'files that others may read' "$(find "$work/ours" -type f ! -perm 0600)" ''
[ -n "$(find "$work/ours/wal" -type f)" ] || wrong 'there is no log'

# etcd as that user, who need not have a way to where it is unpacked.
mkdir "$work/bin"
cp "$etcd_bin/etcd" "$work/bin/etcd.real"
cp "$etcd_bin/etcdctl" "$work/bin/etcdctl"
cat >"$work/bin/etcd" <<WRAPPER
#!/bin/sh
exec setpriv --reuid nobody --regid daemon --clear-groups "$work/bin/etcd.real" "\$@"
WRAPPER
chmod +x "$work/bin/etcd"
etcd_bin=$work/bin
cluster=$work/ours
start_member 1 "$initial_cluster" --wal-dir "$work/ours/wal"
wait_for_member 1
equal 'the key' "$(etcdctl get --print-value-only /key)" old
etcdctl put /key new >/dev/null
