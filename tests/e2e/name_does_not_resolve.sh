#!/usr/bin/env bash
# The endpoint's host name does not exist.
source "$(dirname "$0")/lib.sh"

expect 6 in_vault backup --endpoints http://etcd.does-not-exist.invalid:2379
took_less_than 7
stderr_has http://etcd.does-not-exist.invalid:2379 resolve
no_leftovers
