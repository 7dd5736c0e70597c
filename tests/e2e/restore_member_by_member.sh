#!/usr/bin/env bash
# Three members, each restored by a run of its own as on three machines: they find each other.
# Runs with every etcd.
source "$(dirname "$0")/lib.sh"

start 3
write_history
take_snapshot
hash=$(live_hash)
stop_cluster

mkdir "$work/ours"
for number in 1 2 3; do
  identity_of "$number"
  expect 0 lifeboat restore latest --vault "$vault" "${identity[@]}" --bump-revision 0 \
    --data-dir "$work/ours/m$number"
done
start_restored "$work/ours" 1 2 3
etcdctl --endpoints "${member_urls[2]}" put /after 'one for all' >/dev/null
equal 'a new key' \
  "$(etcdctl --endpoints "${member_urls[3]}" get --print-value-only /after)" 'one for all'
after=$(live_hash)
[ "$after" != "$hash" ] || wrong 'the hash knows nothing of the new key'
for number in 2 3; do
  equal "the hash of member $number" "$(live_hash "${member_urls[number]}")" "$after"
done
equal 'the members' "$(etcdctl member list | cut -d ' ' -f 3 | sort | tr -d '\n')" 'm1,m2,m3,'
