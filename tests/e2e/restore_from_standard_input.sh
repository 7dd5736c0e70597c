#!/usr/bin/env bash
# A snapshot that comes through a pipe is restored as a file is; one that is cut short is not.
source "$(dirname "$0")/lib.sh"

start 1
write_history
take_snapshot
hash=$(live_hash)
stop_cluster

mkdir "$work/ours"
through_a_pipe() {
  tail -c +1 "$1" | restore - --bump-revision 0 --data-dir "$work/ours/m1" "${@:2}"
}
from_a_file() { restore - --bump-revision 0 --data-dir "$work/ours/m1" <"$1"; }

head -c $(($(stat -c %s "$snapshot") / 2)) "$snapshot" >"$work/half"
head -c -1 "$snapshot" >"$work/cut"
: >"$work/empty"
for broken in half cut empty; do
  expect 4 through_a_pipe "$work/$broken"
  stderr_has 'standard input'
  whole_or_nothing "$work/ours"
  expect 4 from_a_file "$work/$broken"
  whole_or_nothing "$work/ours"
done

expect 0 through_a_pipe "$snapshot" -o json
equal 'the hash' "$(json .hash_kv)" "${hash% *}"
whole_or_nothing "$work/ours/m1"
start_restored "$work/ours"
equal 'the hash that etcd answers' "$(live_hash)" "$hash"
stop_cluster
rm -r "$work/ours/m1"
expect 0 from_a_file "$snapshot"
start_restored "$work/ours"
