#!/usr/bin/env bash
# A member whose data are not those of the others is named, with exit 8; the backup is kept and
# marked, whichever side it is from.
# Runs with every etcd.
source "$(dirname "$0")/lib.sh"

start 3
write_history
etcdctl put /shared/truth 'as it was written' >/dev/null
expect 0 backup
alter_value 2 'as it was written' 'as nobody wrote i'
equal 'what member 2 holds' "$(etcdctl --endpoints "${member_urls[2]}" get --consistency s \
  --print-value-only /shared/truth)" 'as nobody wrote i'

# marked: the last backup is, and it is there.
marked() {
  equal 'the verdict' "$(json .backup.etcd.hash_kv.live)" different
  equal 'the checks' "$(json '.backup.verified.checks | join(" ")')" 'trailer pages records'
  equal 'the catalog on disk' "$(jq -cS . "$(newest_folder)/backup.json")" \
    "$(json .backup | jq -cS .)"
}
# warnings_of NUMBER: how many name that member.
warnings_of() {
  json "[.backup.warnings[] | select(contains(\"$(member_id "$1")\") and
    contains(\"${member_urls[$1]}\") and contains(\"disagrees\"))] | length"
}

# The leader is the last that a snapshot is taken from.
lead 2
expect 8 backup -o json
stderr_has "${member_urls[2]}" 'disagrees with the snapshot'
marked
equal 'warnings of member 2' "$(warnings_of 2)" 1
equal 'all warnings' "$(json '.backup.warnings | length')" 1

lead 1
connect_to "${member_urls[2]},${member_urls[1]},${member_urls[3]}"
expect 8 backup -o json
equal 'the source' "$(json .backup.etcd.endpoint)" "${member_urls[2]}"
marked
equal 'warnings of member 1' "$(warnings_of 1)" 1
equal 'warnings of member 3' "$(warnings_of 3)" 1

# One endpoint is enough: the members tell each other's addresses.
connect_to "${member_urls[2]}"
expect 8 backup -o json
marked
equal 'warnings of member 1' "$(warnings_of 1)" 1
equal 'warnings of member 3' "$(warnings_of 3)" 1

no_leftovers
backups_are 4
