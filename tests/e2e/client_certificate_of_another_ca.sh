#!/usr/bin/env bash
# etcd does not know the CA of the client certificate.
source "$(dirname "$0")/lib.sh"

use_tls
start 1
expect 6 in_vault backup --endpoints "${member_urls[1]}" --cacert "$tls/ca.crt" \
  --cert "$tls/other-client.crt" --key "$tls/other-client.key"
took_less_than 7
stderr_has "${member_urls[1]}" 'client certificate' other-client.crt
no_leftovers
backups_are 0
