#!/usr/bin/env bash
# A cluster whose database is full is backed up all the same, and the alarm is told.
source "$(dirname "$0")/lib.sh"

start 1 --quota-backend-bytes 2000000
fill_megabytes 4 2>/dev/null || true
[[ $(etcdctl alarm list) == *NOSPACE* ]] || wrong 'etcd raised no alarm'
expect 8 backup -o json
stderr_has NOSPACE
[[ $(json '.backup.warnings | join(" ")') == *NOSPACE* ]] || wrong 'no warning in the catalog'
backups_are 1
