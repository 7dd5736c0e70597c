#!/usr/bin/env bash
# A user who may not take snapshots: the reason is told, and which role it takes.
source "$(dirname "$0")/lib.sh"

start 1
etcdctl user add root:sesame-17 >/dev/null
etcdctl user add reader:reader-17 >/dev/null
etcdctl auth enable >/dev/null 2>&1
LIFEBOAT_PASSWORD=reader-17 expect 6 backup --user reader
took_less_than 7
stderr_has "${member_urls[1]}" permission role
no_leftovers
backups_are 0
