#!/usr/bin/env bash
# In a bucket of Ceph's gateway with Object Lock, retention takes backups out of sight, and the
# bucket refuses to lose them before their time. Only locks may go.
source "$(dirname "$0")/ceph_lib.bash"

start_ceph
ask_s3 PUT /locked x-amz-bucket-object-lock-enabled:true </dev/null
vault=s3://locked/etcd
ask_bucket() { ask_s3 "$1" locked </dev/null; }
start 1
# In parts.
fill_megabytes 20

for _ in 1 2 3; do
  expect 0 backup --s3-object-lock governance --s3-retain 1d --keep-last 2
done
expect 0 in_vault prune --keep-last 1
stdout_has delete
backups_are 1
bucket_is_sound
bucket_has_no_leftovers

ask_bucket versions >"$work/versions"
equal 'catalogs, old ones too' "$(grep -c backup.json "$work/versions")" 3
while read -r version; do
  if [[ $version == */.lock* ]]; then
    ask_s3 DELETE "/locked/$version" </dev/null
  else
    expect 1 ask_s3 DELETE "/locked/$version"
    stderr_has '403 ' 'forbidden by object lock'
  fi
done <"$work/versions"
ask_bucket versions >"$work/left"
grep -v '/[.]lock' "$work/versions" >"$work/retained"
same 'what the bucket keeps' "$work/retained" "$work/left"

# What is out of sight is still there, every byte of it.
id=$(sed -n '1s,.*/backups/\([^/]*\)/.*,\1,p' "$work/left")
expect 3 in_vault show "$id"
old=$work/old/prod/backups/$id
mkdir -p "$old"
while read -r version; do
  name=${version##*/}
  ask_s3 GET "/locked/$version" </dev/null >"$old/${name%%\?*}"
done < <(grep "/$id/" "$work/left")
expect 0 lifeboat verify "$id" --vault "$work/old" --cluster prod
stdout_has hash_kv
