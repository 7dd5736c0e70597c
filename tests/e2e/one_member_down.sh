#!/usr/bin/env bash
# One of three members is down: the backup is taken from another, and the absent one is named.
source "$(dirname "$0")/lib.sh"

use_tls
start 3
kill -KILL "${member_pids[2]}"
expect 8 backup -o json
stderr_has "${member_urls[2]}" refused
[[ $(json '.backup.warnings | join(" ")') == *"${member_urls[2]}"* ]] || wrong 'no warning about it'

# Who is asked for one member only is not told of another as if that were news.
connect_to "${member_urls[1]}"
before=$(hashes_answered 3)
expect 0 backup -o json
equal 'warnings' "$(json '.backup.warnings | length')" 0
equal 'the verdict' "$(json .backup.etcd.hash_kv.live)" equal
stderr_has 'the snapshot is not compared with member' "${member_urls[2]}" refused
[ "$(hashes_answered 3)" -gt "$before" ] || wrong 'the third member was not asked'
no_leftovers
backups_are 2
