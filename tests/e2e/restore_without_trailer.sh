#!/usr/bin/env bash
# A copy of a member's own database has no hash at its end: restored only if asked to, and then as
# well as any. A hash that is there and wrong is refused all the same.
# Runs with every etcd.
source "$(dirname "$0")/lib.sh"

start 1
write_history
hash=$(live_hash)
take_snapshot
stop_cluster
copy=$work/copy.db
cp "$work/etcd/m1/member/snap/db" "$copy"
mkdir "$work/ours"

expect 4 restore "$copy" --data-dir "$work/ours/m1"
stderr_has "$copy" --skip-hash-check
whole_or_nothing "$work/ours/m1"
expect 0 restore "$copy" --data-dir "$work/ours/m1" --skip-hash-check --bump-revision 0 -o json
stderr_has 'SHA-256'
equal 'the hash' "$(json .hash_kv)" "${hash% *}"
start_restored "$work/ours"
equal 'the hash that etcd answers' "$(live_hash)" "$hash"
stop_cluster
rm -r "$work/ours/m1"

# What is behind the last page is neither a page nor a hash: verify and restore say the same.
for bytes in 1 22 33; do
  { cat "$copy"; head -c "$bytes" "$snapshot"; } >"$work/odd.db"
  expect 4 lifeboat verify "$work/odd.db"
  expect 4 restore "$work/odd.db" --data-dir "$work/ours/m1" --skip-hash-check
  stderr_has "$work/odd.db" "ends in $bytes byte" --force-corrupt
  whole_or_nothing "$work/ours/m1"
done

# The last byte of the hash.
cp "$snapshot" "$work/wrong.db"
last=$(($(stat -c %s "$snapshot") - 1))
byte=$(od -An -tu1 -j "$last" "$snapshot")
printf '%b' "\\x$(printf %x $((byte ^ 1)))" |
  dd of="$work/wrong.db" bs=1 seek="$last" conv=notrunc status=none
for flags in '' --skip-hash-check; do
  # shellcheck disable=SC2086
  expect 4 restore "$work/wrong.db" --data-dir "$work/ours/m1" $flags
  stderr_has "$work/wrong.db" SHA-256 --force-corrupt
  whole_or_nothing "$work/ours/m1"
done
expect 2 restore "$work/wrong.db" --data-dir "$work/ours/m1" --force-corrupt
stderr_has --skip-hash-check
expect 8 restore "$work/wrong.db" --data-dir "$work/ours/m1" --force-corrupt --skip-hash-check \
  --bump-revision 0 -o json
stderr_has "$work/wrong.db" SHA-256
equal 'the warnings' "$(json '.warnings | length')" 1
equal 'the hash' "$(json .hash_kv)" "${hash% *}"
start_restored "$work/ours"
equal 'the hash that etcd answers' "$(live_hash)" "$hash"
