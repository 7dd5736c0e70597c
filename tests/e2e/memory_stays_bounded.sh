#!/usr/bin/env bash
# A backup of 300 MB, its proof and its restore take at most 64 MiB of memory each. The sanitizers
# take more than the program, so it is measured on a build without them.
source "$(dirname "$0")/lib.sh"

if has_sanitizers; then
  LIFEBOAT=$root/build/release/lifeboat
  if ! [ -x "$LIFEBOAT" ] || [ -n "$(find "$root/src" -newer "$LIFEBOAT" -name '*.cc')" ]; then
    skip 'it takes a release build that is up to date: scripts/build-release'
  fi
fi
use_tls
start 1 --quota-backend-bytes 4000000000
fill_megabytes 300
bounded backup --quiet --vault "$vault" --cluster prod "${connection[@]}"
size=$(jq '.files[0].size' "$(newest_folder)/backup.json")
[ "$size" -ge 300000000 ] || wrong "the database is only $size bytes"
bounded verify latest --quiet --vault "$vault" --cluster prod
bounded restore latest --quiet --vault "$vault" --cluster prod --data-dir "$work/data"
