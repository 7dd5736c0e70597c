#!/usr/bin/env bash
# With --require-agreement there is no backup of members that disagree.
source "$(dirname "$0")/lib.sh"

start 3
etcdctl put /shared/truth 'as it was written' >/dev/null
expect 0 backup --require-agreement
alter_value 3 'as it was written' 'as nobody wrote i'
lead 3
expect 4 backup --require-agreement
stderr_has "$(member_id 3)" "${member_urls[3]}" disagrees 'without --require-agreement'
no_leftovers
backups_are 1
