#!/usr/bin/env bash
# The name server is silent, as on a site that was cut off: whoever gives addresses does not notice.
source "$(dirname "$0")/lib.sh"

needs_root
# TEST-NET-1 (RFC 5737): nobody answers there.
echo 'nameserver 192.0.2.1' >"$work/resolv.conf"

cut_off() {
  # shellcheck disable=SC2016
  unshare --mount sh -c 'mount --bind "$0" /etc/resolv.conf && exec "$@"' "$work/resolv.conf" \
    "$LIFEBOAT" backup --vault "$vault" --cluster prod "${connection[@]}"
}

use_tls
start 1
expect 0 cut_off
took_less_than 4
backups_are 1
