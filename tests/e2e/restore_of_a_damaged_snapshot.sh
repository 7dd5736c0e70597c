#!/usr/bin/env bash
# A page of the snapshot is destroyed: refused, the page is named; with both flags everything else
# comes back, what is lost is told, and etcd starts on it.
# Runs with every etcd.
source "$(dirname "$0")/lib.sh"

start 1
fill --count 300 --value-size 700
etcdctl put /needle 'a needle in the haystack' >/dev/null
fill --count 300 --value-size 700 --seed 2
take_snapshot
stop_cluster

# Zeros all pages with that value: the one in use, and those that it was on before.
/usr/bin/python3 - "$snapshot" "$work/damaged.db" <<'PYTHON'
import pathlib, sys
content = bytearray(pathlib.Path(sys.argv[1]).read_bytes())
size = 4096
for at in range(2 * size, len(content) - 32, size):
    if b"a needle in the haystack" in content[at:at + size]:
        content[at:at + size] = bytes(size)
pathlib.Path(sys.argv[2]).write_bytes(content)
PYTHON

mkdir "$work/ours"
for flags in '' --skip-hash-check; do
  # shellcheck disable=SC2086
  expect 4 restore "$work/damaged.db" --data-dir "$work/ours/m1" $flags
  stderr_has "$work/damaged.db" --force-corrupt
  whole_or_nothing "$work/ours/m1"
done
expect 4 restore - --data-dir "$work/ours/m1"

# Without the hash the damage is found as well, and has a place.
head -c -32 "$work/damaged.db" >"$work/bare.db"
expect 4 restore "$work/bare.db" --data-dir "$work/ours/m1" --skip-hash-check
stderr_has "$work/bare.db" 'pages: page '

expect 8 restore "$work/damaged.db" --data-dir "$work/ours/m1" --skip-hash-check --force-corrupt \
  --bump-revision 0 -o json
stderr_has "$work/damaged.db" 'pages: page ' 'not brought back: page '
hash=$(json .hash_kv)
start_restored "$work/ours"
keys=$(etcdctl get --prefix '' --keys-only | grep -c '^/')
((keys > 500 && keys < 601)) || wrong "$keys keys came back"
equal 'the key on the lost page' "$(etcdctl get /needle)" ''
equal 'the hash' "$(live_hash | cut -d ' ' -f 1)" "$hash"
etcdctl put /needle again >/dev/null
