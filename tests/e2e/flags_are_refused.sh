#!/usr/bin/env bash
# Unknown, contradicting, out of range, not a number: wrong usage in one line, with the nearest name.
source "$(dirname "$0")/lib.sh"

refused() { # TEXT FLAGS...
  local text=$1
  shift
  expect 2 in_vault "$@"
  stderr_has "$text"
  [ "$(grep -c . "$work/err")" -le 2 ] || wrong 'more than a message and a hint'
}
refused --keep-last backup --keep-lats 3
refused --keep-last backup --endpoints http://127.0.0.1:1 --keep-last many
refused --keep-last backup --endpoints http://127.0.0.1:1 --keep-last -1
refused --keep-last backup --endpoints http://127.0.0.1:1 --keep-last 99999999999999999999
refused --max-size prune --max-size 5Xi
refused --dial-timeout backup --endpoints http://127.0.0.1:1 --dial-timeout 5parsecs
refused '-o' list -o yaml
refused latest verify latest --all
refused 127.0.0.1 backup --endpoints http://127.0.0.1:99999
expect 2 lifeboat bakcup
stderr_has backup
no_leftovers
