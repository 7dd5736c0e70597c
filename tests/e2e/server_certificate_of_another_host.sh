#!/usr/bin/env bash
# The server's certificate is good, but for another name.
source "$(dirname "$0")/lib.sh"

use_tls
server_certificate=elsewhere-server
start 1
expect 6 backup
took_less_than 7
stderr_has "${member_urls[1]}" certificate 127.0.0.1
no_leftovers
