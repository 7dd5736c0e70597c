#!/usr/bin/env bash
# The snapshot of three members, restored as a cluster of one: the others are forgotten, so that it
# serves alone and waits for nobody. Its flags are those that lifeboat has by default.
# Runs with every etcd.
source "$(dirname "$0")/lib.sh"

start 3
etcdctl put /before 'here I am' >/dev/null
take_snapshot
stop_cluster

unset 'member_urls[2]' 'member_urls[3]' 'peer_urls[2]' 'peer_urls[3]'
initial_cluster=m1=${peer_urls[1]}
mkdir "$work/ours"
expect 0 lifeboat restore latest --vault "$vault" --name m1 --initial-cluster "$initial_cluster" \
  --data-dir "$work/ours/m1"
start_restored "$work/ours"
equal 'the members' "$(etcdctl member list | cut -d ' ' -f 3)" m1,
equal 'the key' "$(etcdctl get --print-value-only /before)" 'here I am'

expect 2 lifeboat restore latest --vault "$vault" --name m1 --data-dir "$work/other"
stderr_has m1 --initial-cluster
expect 0 lifeboat restore latest --vault "$vault" --data-dir "$work/other"
stdout_has '(default, member 8e9e05c52164694d)' cdf818194e3a8c32
