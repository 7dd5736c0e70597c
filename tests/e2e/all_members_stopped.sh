#!/usr/bin/env bash
# All members hang before the backup: the connect deadline ends it, every endpoint is named.
source "$(dirname "$0")/lib.sh"

use_tls
start 3
kill -STOP "${member_pids[@]:1}"
expect 6 backup --dial-timeout 2s
took_less_than 4
stderr_has "${member_urls[1]}" "${member_urls[2]}" "${member_urls[3]}"
no_leftovers
backups_are 0
