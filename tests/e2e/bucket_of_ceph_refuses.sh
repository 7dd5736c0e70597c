#!/usr/bin/env bash
# What Ceph's gateway refuses is told with its exit status, and leaves no backup that counts: keys,
# a bucket that is not there or another's, a quota, Object Lock in a bucket without, a second run.
source "$(dirname "$0")/ceph_lib.bash"

start_ceph
make_user stranger OTHER stranger-secret
start 1
fill_megabytes 20
expect 0 backup
expect 0 in_vault list -o json
cp "$work/out" "$work/before"

# refused CODE TEXT COMMAND...
refused() {
  expect "$1" "${@:3}"
  stderr_has "$2"
  ! grep -qE '[a-z]+-secret' "$work/err" || wrong 'a secret is shown'
}

# with_key KEY SECRET COMMAND...
with_key() { AWS_ACCESS_KEY_ID=$1 AWS_SECRET_ACCESS_KEY=$2 "${@:3}"; }
for run in backup 'in_vault list' 'in_vault prune'; do
  read -ra run <<<"$run"
  refused 5 '403 SignatureDoesNotMatch' with_key KEY wrong-secret "${run[@]}"
  refused 5 '403 InvalidAccessKeyId' with_key NOBODY wrong-secret "${run[@]}"
  refused 5 '403 AccessDenied' with_key OTHER stranger-secret "${run[@]}"
done
refused 3 '404 NoSuchBucket' lifeboat list --vault s3://elsewhere/etcd
refused 3 '404 NoSuchBucket' lifeboat backup --vault s3://elsewhere/etcd --cluster prod \
  "${connection[@]}"
refused 2 'was made without Object Lock' backup --s3-object-lock governance --s3-retain 1d

quota() { quietly ceph_program radosgw-admin quota "$1" --uid owner --quota-scope user "${@:2}"; }
quota set --max-size 30M
quota enable
refused 5 '403 QuotaExceeded' backup
quota disable

expect 0 in_vault list -o json
mv "$work/out" "$work/after"
same 'what list says' "$work/before" "$work/after"
expect 0 backup
bucket_has_no_leftovers
backups_are 2

# Two that begin at the same moment: one of them is told that the other is at work.
start_backup
other=0
backup >"$work/other.out" 2>"$work/other.err" || other=$?
status=0
wait "$run_pid" || status=$?
case "$status $other" in
  '0 0' | '0 7' | '7 0') ;;
  *) wrong "of two runs one ends with $status and the other with $other" ;;
esac
bucket_is_sound
bucket_has_no_leftovers
