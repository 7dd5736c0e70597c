#!/usr/bin/env bash
# A bucket is a vault like a folder: backups are taken into it, listed, shown, proven, pinned, pruned,
# restored and exported, by path and by URL, and its keys are shown nowhere.
source "$(dirname "$0")/lib.sh"

start 1
fill_megabytes 20
start_bucket --page 2

expect 0 backup
first=$(bucket_keys | sed -n 's,prod/backups/\(.*\)/backup.json,\1,p')
[ -n "$first" ] || wrong "there is no catalog: $(bucket_keys)"
expect 0 in_vault pin "$first"
for _ in 1 2 3; do expect 0 backup; done
backups_are 4
equal 'the last object that a run puts, its lease apart,' \
  "$(grep -o '^PUT .*' "$work/bucket-log" | grep -v '[.]lock' | tail -n 1 | sed 's,.*/,,')" backup.json

expect 0 in_vault list
stdout_has "$first"
expect 0 in_vault show latest -o json
equal 'the cluster' "$(json .cluster)" prod

expect 0 in_vault prune --keep-last 1 --dry-run
expect 0 in_vault prune --keep-last 1
backups_are 2
expect 3 in_vault show 2020-01-01_000000
bucket_is_sound
bucket_has_no_leftovers

every_key >"$work/keys"
# shellcheck disable=SC2119
live_hash >"$work/hash"
mkdir "$work/out-of-bucket" "$work/restored"
expect 0 in_vault export latest --to "$work/out-of-bucket"
verify_file "$(echo "$work"/out-of-bucket/snapshot_*.db)"
expect 0 restore latest --vault "$vault" --cluster prod --data-dir "$work/restored/m1" --bump-revision 0
stop_cluster
start_restored "$work/restored"
every_key >"$work/keys-restored"
same 'what the restored etcd holds' "$work/keys" "$work/keys-restored"

# The same bucket, all of it in the URL.
unset LIFEBOAT_S3_ENDPOINT
expect 0 lifeboat list --vault "$vault?endpoint=$bucket&addressing=path"
stdout_has "$first"
expect 2 lifeboat list --vault "$vault?endpiont=$bucket"
stderr_has endpiont
expect 3 lifeboat list --vault "s3://other?endpoint=$bucket"
stderr_has NoSuchBucket

# Keys from files, and wrong ones.
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
export HOME=$work
expect 3 lifeboat list --vault "$vault" --s3-endpoint "$bucket"
stderr_has "$work/.aws/credentials"
mkdir "$work/.aws" "$work/mounted"
printf '[default]\naws_access_key_id = KEY\naws_secret_access_key = secret\n' >"$work/.aws/credentials"
expect 0 lifeboat list --vault "$vault" --s3-endpoint "$bucket"
printf KEY >"$work/mounted/AWS_ACCESS_KEY_ID"
printf not-to-be-shown >"$work/mounted/AWS_SECRET_ACCESS_KEY"
expect 5 lifeboat list --vault "$vault" --s3-endpoint "$bucket" --s3-credentials-dir "$work/mounted"
stderr_has SignatureDoesNotMatch
! grep -q not-to-be-shown "$work/err" || wrong 'a key is shown'
