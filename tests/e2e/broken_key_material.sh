#!/usr/bin/env bash
# Files that are not there, not PEM, or one without the other: wrong usage, the file is named.
source "$(dirname "$0")/lib.sh"

use_tls
echo 'no certificate at all' >"$work/junk.pem"
to_etcd=(in_vault backup --endpoints https://127.0.0.1:1)

expect 2 "${to_etcd[@]}" --cacert "$work/absent.crt"
stderr_has "$work/absent.crt"
expect 2 "${to_etcd[@]}" --cacert "$work/junk.pem"
stderr_has "$work/junk.pem"
expect 2 "${to_etcd[@]}" --cacert "$tls/ca.crt" --cert "$work/absent.crt" --key "$tls/client.key"
stderr_has "$work/absent.crt"
expect 2 "${to_etcd[@]}" --cacert "$tls/ca.crt" --cert "$tls/client.crt" --key "$work/junk.pem"
stderr_has "$work/junk.pem"
expect 2 "${to_etcd[@]}" --cacert "$tls/ca.crt" --cert "$tls/client.crt"
stderr_has --key
no_leftovers
