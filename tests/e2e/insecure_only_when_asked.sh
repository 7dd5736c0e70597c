#!/usr/bin/env bash
# Without a CA that knows the server nothing is sent; --insecure-skip-tls-verify is a free choice.
source "$(dirname "$0")/lib.sh"

use_tls
server_certificate=elsewhere-server
start 1
client=(--endpoints "${member_urls[1]}" --cert "$tls/client.crt" --key "$tls/client.key")
expect 6 in_vault backup "${client[@]}"
backups_are 0
expect 0 in_vault backup "${client[@]}" --insecure-skip-tls-verify
backups_are 1
