#!/usr/bin/env bash
# The server's certificate has expired.
source "$(dirname "$0")/lib.sh"

use_tls
server_certificate=expired-server
start 1
expect 6 backup
took_less_than 7
stderr_has "${member_urls[1]}" certificate expired
no_leftovers
backups_are 0
