#!/usr/bin/env bash
# Nothing can be written where the data directory is to be: said, and nothing else happens.
source "$(dirname "$0")/lib.sh"

needs_root
start 1
take_snapshot
mkdir "$work/ours"
mount -t tmpfs -o size=8m none "$work/ours"
mkdir "$work/ours/m2"
mount -o remount,ro "$work/ours"
for folder in m1 m2; do
  expect 5 restore "$snapshot" --data-dir "$work/ours/$folder"
  stderr_has "$work/ours/$folder" 'read-only'
done
equal 'what is there' "$(find "$work/ours")" "$(printf '%s\n' "$work/ours" "$work/ours/m2")"

: >"$work/file"
expect 2 restore "$snapshot" --data-dir "$work/file"
stderr_has "$work/file"
expect 3 restore "$snapshot" --data-dir "$work/no-such-folder/m1"
stderr_has "$work/no-such-folder"
[ ! -e "$work/no-such-folder" ] || wrong 'it was made'
expect 3 restore "$work/no-such.db" --data-dir "$work/other"
stderr_has "$work/no-such.db"
[ ! -e "$work/other" ] || wrong 'there is a data directory'
