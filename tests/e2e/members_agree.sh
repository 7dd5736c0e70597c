#!/usr/bin/env bash
# A backup asks every member for its hash, and says that they agree.
# Runs with every etcd.
source "$(dirname "$0")/lib.sh"

start 3
write_history
live=$(live_hash)
for number in 1 2 3; do before[number]=$(hashes_answered "$number"); done
expect 0 backup --require-agreement -o json
equal 'the verdict' "$(json .backup.etcd.hash_kv.live)" equal
equal 'the hash' "$(json '.backup.etcd.hash_kv | "\(.hash) \(.compact_revision)"')" "$live"
equal 'the checks' "$(json '.backup.verified.checks | join(" ")')" 'trailer pages records hash_kv'
equal 'the warnings' "$(json '.backup.warnings | length')" 0
for number in 1 2 3; do
  equal "questions to member $number" "$(hashes_answered "$number")" $((before[number] + 1))
done
backups_are 1
