#!/usr/bin/env bash
# Nobody listens at the endpoint.
source "$(dirname "$0")/lib.sh"

take_port
expect 6 in_vault backup --endpoints "http://127.0.0.1:$port"
took_less_than 7
stderr_has "http://127.0.0.1:$port" refused
no_leftovers
