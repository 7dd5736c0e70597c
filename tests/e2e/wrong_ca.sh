#!/usr/bin/env bash
# The server's certificate is not signed by the CA that was given.
source "$(dirname "$0")/lib.sh"

use_tls
start 1
expect 6 in_vault backup --endpoints "${member_urls[1]}" --cacert "$tls/other-ca.crt" \
  --cert "$tls/client.crt" --key "$tls/client.key"
took_less_than 7
stderr_has "${member_urls[1]}" certificate other-ca.crt
no_leftovers
backups_are 0
