#!/usr/bin/env bash
# On a terminal a bar shows how far it is; without one, or with --quiet, there is none.
source "$(dirname "$0")/lib.sh"

start 1
fill_megabytes 8
slow_down 1 8000000
connect_to "${member_urls[1]}"
on_terminal() { script --quiet --return --command "$(printf '%q ' "$@")" /dev/null; }
expect 0 on_terminal "$LIFEBOAT" backup --vault "$vault" --cluster prod "${connection[@]}"
stdout_has '[##' 'MiB/s'
expect 0 backup
! grep -qF '[##' "$work/err" || wrong 'a bar without a terminal'
expect 0 on_terminal "$LIFEBOAT" backup --quiet --vault "$vault" --cluster prod "${connection[@]}"
! grep -qF '[##' "$work/out" || wrong 'a bar with --quiet'
