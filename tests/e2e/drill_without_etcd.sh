#!/usr/bin/env bash
# Without an etcd, or with one that can't take the snapshot, a drill says what to do, and records
# nothing: the backup is not to blame.
source "$(dirname "$0")/lib.sh"

start 1
etcdctl put /a b >/dev/null
expect 0 backup
mkdir "$work/scratch" "$work/bin"
expect 3 env PATH="$work/bin" "$LIFEBOAT" drill latest --vault "$vault" --scratch "$work/scratch"
stderr_has 'there is no etcd program' '--etcd PATH' 'podman cp'
expect 3 in_vault drill latest --etcd "$work/bin/etcd" --scratch "$work/scratch"

pretend() { printf '#!/bin/sh\n%s\n' "$1" >"$work/bin/etcd" && chmod +x "$work/bin/etcd"; }
# shellcheck disable=SC2016
pretend 'echo "etcd Version: 3.7.1"'
expect 2 in_vault drill latest --etcd "$work/bin/etcd" --scratch "$work/scratch"
stderr_has '3.4' '3.7' 'one minor version at a time'
# shellcheck disable=SC2016
pretend 'echo "something else"'
expect 2 in_vault drill latest --etcd "$work/bin/etcd" --scratch "$work/scratch"
stderr_has 'is no etcd'
expect 0 in_vault list -o json
equal 'what list says' "$(json '.backups[0].drilled')" null

# One that does not start: that is for the record.
# shellcheck disable=SC2016
pretend 'case $1 in --version) echo "etcd Version: 3.4.23" ;; *)
  echo "panic: it is broken"; exit 3 ;; esac'
expect 6 in_vault drill latest --etcd "$work/bin/etcd" --scratch "$work/scratch"
stderr_has 'exit status 3' 'panic: it is broken'
# shellcheck disable=SC2016
pretend 'case $1 in --version) echo "etcd Version: 3.4.23" ;; *) exec sleep 60 ;; esac'
expect 6 in_vault drill latest --etcd "$work/bin/etcd" --scratch "$work/scratch" --timeout 1s
stderr_has 'does not serve within 1.0s'
took_less_than 10
expect 0 in_vault list -o json
equal 'what list says' "$(json '.backups[0].drilled.ok')" false
[ -z "$(ls -A "$work/scratch")" ] || wrong "left in the scratch folder: $(find "$work/scratch")"
