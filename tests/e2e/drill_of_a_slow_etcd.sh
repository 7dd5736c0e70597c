#!/usr/bin/env bash
# An etcd that listens only after a while is waited for, at its first start and at the second.
source "$(dirname "$0")/lib.sh"

start 1
fill --count 20
expect 0 backup
for seconds in 0.1 0.4 1.5; do
  # shellcheck disable=SC2016  # It is another shell's.
  printf '#!/bin/sh\n[ "$1" = --version ] || sleep %s\nexec %s "$@"\n' "$seconds" \
    "$etcd_bin/etcd" >"$work/slow-etcd"
  chmod +x "$work/slow-etcd"
  expect 0 in_vault drill latest --etcd "$work/slow-etcd" --scratch "$work" --timeout 30s
  took_less_than 20
done
