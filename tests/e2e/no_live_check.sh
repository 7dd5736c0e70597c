#!/usr/bin/env bash
# With --no-live-check no member is asked for its hash; the backup says so.
source "$(dirname "$0")/lib.sh"

start 3
etcdctl put /shared/truth 'as it was written' >/dev/null
alter_value 2 'as it was written' 'as nobody wrote i'
expect 0 backup --no-live-check -o json
equal 'the verdict' "$(json .backup.etcd.hash_kv.live)" unchecked
equal 'the checks' "$(json '.backup.verified.checks | join(" ")')" 'trailer pages records'
equal 'the warnings' "$(json '.backup.warnings | length')" 1
[[ $(json '.backup.warnings[0]') == *--no-live-check* ]] || wrong 'the warning does not say it'
for number in 1 2 3; do
  equal "questions to member $number" "$(hashes_answered "$number")" 0
done
backups_are 1

expect 2 backup --no-live-check --require-agreement
stderr_has --no-live-check --require-agreement
