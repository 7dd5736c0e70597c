#!/usr/bin/env bash
# User and password, from a file or from the environment; a wrong one is refused with a reason.
source "$(dirname "$0")/lib.sh"

start 1
etcdctl user add root:sesame-17 >/dev/null
etcdctl auth enable >/dev/null 2>&1
printf 'sesame-17\n' >"$work/password"
expect 0 backup --user root --password-file "$work/password"
LIFEBOAT_PASSWORD=sesame-17 expect 0 backup --user root

printf 'wrong-42\n' >"$work/password"
expect 6 backup --user root --password-file "$work/password"
took_less_than 7
stderr_has "${member_urls[1]}" password
expect 6 backup
took_less_than 7
stderr_has "${member_urls[1]}" user
no_leftovers
backups_are 2
