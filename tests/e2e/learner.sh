#!/usr/bin/env bash
# A learner is left out; it may not have all data. On its own it is no source at all.
source "$(dirname "$0")/lib.sh"

start 1
choose_ports 2
etcdctl member add m2 --learner --peer-urls "${peer_urls[2]}" >/dev/null
start_member 2 "m1=${peer_urls[1]},m2=${peer_urls[2]}" --initial-cluster-state existing
wait_until port_is_taken "${member_urls[2]##*:}"
is_learner() { etcdctl --endpoints "${member_urls[2]}" endpoint status -w json 2>/dev/null | grep -q '"isLearner":true'; }
wait_until is_learner

connect_to "$(endpoints)"
expect 0 backup -o json
equal 'the member taken' "$(json .backup.etcd.endpoint)" "${member_urls[1]}"
equal 'learners in the catalog' "$(json '[.backup.members[] | select(.learner).name] | join(" ")')" m2
stderr_has "${member_urls[2]}" learner

connect_to "${member_urls[2]}"
expect 6 backup
stderr_has "${member_urls[2]}" learner
no_leftovers
backups_are 1
