#!/usr/bin/env bash
# The client certificate has expired: said at once or by etcd, with the file's name.
source "$(dirname "$0")/lib.sh"

use_tls
start 1
expect 6 in_vault backup --endpoints "${member_urls[1]}" --cacert "$tls/ca.crt" \
  --cert "$tls/expired-client.crt" --key "$tls/expired-client.key"
took_less_than 7
stderr_has "${member_urls[1]}" 'client certificate' expired expired-client.crt
no_leftovers
backups_are 0
