#!/usr/bin/env bash
# All three members from one snapshot in one run: they elect, serve, and agree.
# Runs with every etcd.
source "$(dirname "$0")/lib.sh"

start 3
write_history
etcdctl put /history/last 'the last change' >/dev/null
take_snapshot
hash=$(live_hash)
etcdctl member list -w fields | grep -E '^"(MemberID|Name|PeerURL|IsLearner)"' >"$work/members"
stop_cluster

expect 0 lifeboat restore "$snapshot" --all-members "$work/ours" -o json --bump-revision 0 \
  --initial-cluster "$initial_cluster" --initial-cluster-token "lifeboat-$$"
equal 'the folder' "$(json .data_dir)" "$work/ours"
equal 'the members' "$(json '[.members[].name] | sort | join(" ")')" 'm1 m2 m3'
equal 'the hash' "$(json .hash_kv)" "${hash% *}"
for number in 2 3; do
  cmp "$work/ours/m1/member/snap/db" "$work/ours/m$number/member/snap/db" ||
    wrong "member $number has another database"
done

start_restored "$work/ours" 1 2 3
for number in 1 2 3; do
  equal "the hash of member $number" "$(live_hash "${member_urls[number]}")" "$hash"
done
etcdctl member list -w fields | grep -E '^"(MemberID|Name|PeerURL|IsLearner)"' >"$work/members.ours"
same 'the list of members' "$work/members.ours" "$work/members"
etcdctl --endpoints "${member_urls[1]}" put /after 'one for all' >/dev/null
equal 'a new key' \
  "$(etcdctl --endpoints "${member_urls[3]}" get --print-value-only /after)" 'one for all'
hash=$(live_hash)
for number in 2 3; do
  equal "the hash of member $number" "$(live_hash "${member_urls[number]}")" "$hash"
done
