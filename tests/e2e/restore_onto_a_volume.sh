#!/usr/bin/env bash
# The data directory is a mount point, another file system than that of temporary files, with the
# folder that mkfs leaves there. No temporary folder is needed, not for standard input either.
source "$(dirname "$0")/lib.sh"

needs_root
start 1
etcdctl put /key old >/dev/null
take_snapshot
stop_cluster

mkdir -p "$work/ours/m1"
mount -t tmpfs -o size=64m none "$work/ours/m1"
mkdir "$work/ours/m1/lost+found"
through_a_pipe() { TMPDIR=/no-such-folder restore - --data-dir "$work/ours/m1" "$@" <"$snapshot"; }
expect 0 through_a_pipe
equal 'what is there' "$(cd "$work/ours/m1" && echo *)" 'lost+found member'
start_restored "$work/ours"
equal 'the key' "$(etcdctl get --print-value-only /key)" old
stop_cluster
expect 2 through_a_pipe
expect 0 through_a_pipe --replace
start_restored "$work/ours"
equal 'the key' "$(etcdctl get --print-value-only /key)" old
