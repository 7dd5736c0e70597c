#!/usr/bin/env bash
# The vault's path leads to a file.
source "$(dirname "$0")/lib.sh"

start 1
rmdir "$vault"
echo precious >"$vault"
for command in "backup ${connection[*]}" list 'verify --all' prune; do
  # The flags hold no blanks.
  # shellcheck disable=SC2086
  expect 2 in_vault $command
  stderr_has "$vault"
done
equal 'the file' "$(cat "$vault")" precious
