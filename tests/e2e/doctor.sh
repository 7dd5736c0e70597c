#!/usr/bin/env bash
# doctor says what is well and what to mend: endpoints, certificates, vault.
source "$(dirname "$0")/lib.sh"

use_tls
start 1
to_etcd=(--vault "$vault" --endpoints "${member_urls[1]}" --cacert "$tls/ca.crt")
current=(--cert "$tls/client.crt" --key "$tls/client.key")
expect 0 lifeboat doctor "${to_etcd[@]}" "${current[@]}"
stdout_has "${member_urls[1]}" certificate "$vault" days

expect 8 lifeboat doctor "${to_etcd[@]}" --cert "$tls/old-client.crt" --key "$tls/old-client.key"
stdout_has old-client.crt '4 days left' renew

kill -KILL "${member_pids[1]}"
wait "${member_pids[1]}" 2>/dev/null || true
expect 6 lifeboat doctor "${to_etcd[@]}" "${current[@]}"
stdout_has "${member_urls[1]}" refused
