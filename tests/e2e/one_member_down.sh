#!/usr/bin/env bash
# One of three members is down: the backup is taken from another, and the absent one is named.
source "$(dirname "$0")/lib.sh"

use_tls
start 3
kill -KILL "${member_pids[2]}"
expect 8 backup -o json
stderr_has "${member_urls[2]}" refused
[[ $(json '.backup.warnings | join(" ")') == *"${member_urls[2]}"* ]] || wrong 'no warning about it'
no_leftovers
backups_are 1
