#!/usr/bin/env bash
# Who may do what comes back as it was: users, passwords, roles, and that they are asked for at all,
# as etcd's own tool restores them.
# Runs with every etcd.
source "$(dirname "$0")/lib.sh"

start 1
etcdctl put /shared/1 'for all to read' >/dev/null
etcdctl put /secret/1 'not for alice' >/dev/null
etcdctl user add root:sesame-17 >/dev/null
etcdctl user add alice:wonder-3 >/dev/null
etcdctl role add reader >/dev/null
etcdctl role grant-permission reader --prefix=true read /shared/ >/dev/null
etcdctl user grant-role alice reader >/dev/null
etcdctl user grant-role root root >/dev/null 2>&1 || true
etcdctl auth enable >/dev/null 2>&1
printf 'sesame-17\n' >"$work/password"
take_snapshot --user root --password-file "$work/password"
stop_cluster

mkdir "$work/ours"
expect 0 restore "$snapshot" --data-dir "$work/ours/m1"
etcds_restore "$snapshot" "$work/etcds/m1"
for tool in ours etcds; do
  start_restored "$work/$tool"
  expect 0 etcdctl --user alice:wonder-3 get /shared/1
  stdout_has 'for all to read'
  expect 1 etcdctl --user alice:wonder-3 get /secret/1
  stderr_has 'permission denied'
  expect 1 etcdctl --user alice:wonder-3 put /shared/1 'mine'
  stderr_has 'permission denied'
  expect 2 etcdctl --user alice:sesame-17 get /shared/1
  stderr_has 'invalid user ID or password'
  expect 1 etcdctl get /shared/1
  stderr_has 'user name is empty'
  as_root() { etcdctl --user root:sesame-17 "$@"; }
  { as_root user list && as_root user get alice --detail && as_root role list &&
    as_root role get reader; } >"$work/$tool.auth"
  expect 0 as_root put /secret/1 'new'
  stop_cluster
done
same 'users and roles' "$work/ours.auth" "$work/etcds.auth"
grep -q alice "$work/ours.auth" || wrong 'there are no users'
