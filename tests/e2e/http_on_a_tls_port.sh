#!/usr/bin/env bash
# A plain http endpoint where etcd speaks TLS.
source "$(dirname "$0")/lib.sh"

use_tls
start 1
plain=${member_urls[1]/https:/http:}
expect 6 in_vault backup --endpoints "$plain"
took_less_than 7
stderr_has "$plain" TLS https://
no_leftovers
