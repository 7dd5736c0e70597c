#!/usr/bin/env bash
# What is set for etcdctl works here; our own variables come before it, flags before both.
source "$(dirname "$0")/lib.sh"

use_tls
start 1
export ETCDCTL_ENDPOINTS=${member_urls[1]} ETCDCTL_CACERT=$tls/ca.crt
export ETCDCTL_CERT=$tls/client.crt ETCDCTL_KEY=$tls/client.key
expect 0 in_vault backup
LIFEBOAT_ENDPOINTS=https://127.0.0.1:1 expect 6 in_vault backup
stderr_has https://127.0.0.1:1
LIFEBOAT_ENDPOINTS=https://127.0.0.1:1 expect 0 in_vault backup --endpoints "${member_urls[1]}"
LIFEBOAT_VAULT=$vault LIFEBOAT_CLUSTER=prod expect 0 lifeboat backup
backups_are 3
