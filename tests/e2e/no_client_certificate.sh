#!/usr/bin/env bash
# etcd demands a client certificate, and none is given.
source "$(dirname "$0")/lib.sh"

use_tls
start 1
expect 6 in_vault backup --endpoints "${member_urls[1]}" --cacert "$tls/ca.crt"
took_less_than 7
stderr_has "${member_urls[1]}" 'client certificate' --cert --key
no_leftovers
backups_are 0
