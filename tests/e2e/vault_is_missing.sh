#!/usr/bin/env bash
# No vault at the path: not found, and no folder is made, for it may be a volume that is not mounted.
source "$(dirname "$0")/lib.sh"

start 1
rmdir "$vault"
for command in list verify prune; do
  expect 3 in_vault "$command"
  stderr_has "$vault"
done
expect 3 backup
stderr_has "$vault"
[ ! -e "$vault" ] || wrong 'the vault was made'
