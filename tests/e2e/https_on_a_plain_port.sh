#!/usr/bin/env bash
# An https endpoint where etcd speaks plain http.
source "$(dirname "$0")/lib.sh"

start 1
tls_url=${member_urls[1]/http:/https:}
expect 6 in_vault backup --endpoints "$tls_url"
took_less_than 7
stderr_has "$tls_url" TLS http://
no_leftovers
