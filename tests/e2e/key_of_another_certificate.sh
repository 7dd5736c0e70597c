#!/usr/bin/env bash
# The private key does not belong to the certificate: wrong usage, before any connection.
source "$(dirname "$0")/lib.sh"

use_tls
expect 2 in_vault backup --endpoints https://127.0.0.1:1 --cacert "$tls/ca.crt" \
  --cert "$tls/client.crt" --key "$tls/server.key"
took_less_than 2
stderr_has client.crt server.key
no_leftovers
