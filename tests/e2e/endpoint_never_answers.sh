#!/usr/bin/env bash
# The endpoint takes connections and says nothing: the connect deadline ends it.
source "$(dirname "$0")/lib.sh"

start 1
slow_down 1 0
expect 6 in_vault backup --endpoints "${member_urls[1]}"
took_less_than 7
stderr_has "${member_urls[1]}" '5 s'

expect 6 in_vault backup --endpoints "${member_urls[1]}" --dial-timeout 1s
took_less_than 3
no_leftovers
