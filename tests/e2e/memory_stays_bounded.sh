#!/usr/bin/env bash
# A backup of 300 MB, its proof and its restore take at most 64 MiB of memory each. The sanitizers
# take more than the program, so it is measured on a build without them.
source "$(dirname "$0")/lib.sh"

if grep -q __asan_init "$LIFEBOAT"; then
  LIFEBOAT=$root/build/release/lifeboat
  if ! [ -x "$LIFEBOAT" ] || [ -n "$(find "$root/src" -newer "$LIFEBOAT" -name '*.cc')" ]; then
    skip 'it takes a release build that is up to date: scripts/build-release'
  fi
fi
use_tls
start 1 --quota-backend-bytes 4000000000
fill_megabytes 300
measured() {
  /usr/bin/python3 - "$LIFEBOAT" "$@" <<'PYTHON'
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
PYTHON
}
expect 0 measured backup --quiet --vault "$vault" --cluster prod "${connection[@]}"
peak_kib=$(tail -n 1 "$work/out")
size=$(jq '.files[0].size' "$(newest_folder)/backup.json")
[ "$size" -ge 300000000 ] || wrong "the database is only $size bytes"
say "peak memory: $peak_kib KiB for $size bytes"
[ "$peak_kib" -le 65536 ] || wrong "it took $peak_kib KiB"

expect 0 measured verify latest --quiet --vault "$vault" --cluster prod
peak_kib=$(tail -n 1 "$work/out")
say "peak memory of verify: $peak_kib KiB"
[ "$peak_kib" -le 65536 ] || wrong "verify took $peak_kib KiB"

expect 0 measured restore latest --quiet --vault "$vault" --cluster prod --data-dir "$work/data"
peak_kib=$(tail -n 1 "$work/out")
say "peak memory of restore: $peak_kib KiB"
[ "$peak_kib" -le 65536 ] || wrong "restore took $peak_kib KiB"
