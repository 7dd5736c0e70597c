# shellcheck shell=bash
# What the tests of S3 servers that others wrote share: one tour through all that is done in a
# vault.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# use_server URL KEY SECRET: an S3 server with a bucket that is called "bucket".
use_server() {
  export LIFEBOAT_S3_ENDPOINT=$1 AWS_ACCESS_KEY_ID=$2 AWS_SECRET_ACCESS_KEY=$3
  vault=s3://bucket/etcd
}

# npm's s3rver, which keeps its objects in files.
start_s3rver() {
  local s3rver=$root/build/s3rver/node_modules/s3rver/bin/s3rver.js
  [ -e "$s3rver" ] || skip 's3rver is not there: scripts/setup --s3rver'
  take_port
  # A page that another follows takes a cipher of old.
  node --openssl-legacy-provider "$s3rver" --directory "$work/s3rver" --address 127.0.0.1 \
    --port "$port" --configure-bucket bucket >"$work/s3rver.log" 2>&1 &
  wait_until port_is_taken "$port"
  use_server "http://127.0.0.1:$port" S3RVER S3RVER
}

# put_foreign FOLDER...: an object of somebody else's into each. s3rver names a folder only where an
# object lies directly in it, and so would hide the cluster.
put_foreign() {
  local folder
  for folder; do ask_s3 PUT "/bucket/$folder/foreign" <<<'not of lifeboat'; done
}

# ask_s3 METHOD TARGET...: as ask_s3.py says.
ask_s3() { "$root/tests/e2e/ask_s3.py" "$@"; }

# What lib.sh asks its own server for: keys.
ask_bucket() { ask_s3 "$1" bucket </dev/null; }

# restored_is_the_same [restore's flags...]: the newest backup as a data directory of its own. etcd
# goes on with it, and serves what it served before.
restored_is_the_same() {
  local folder
  folder=$(mktemp -d "$work/restored.XXXXXX")
  every_key >"$folder/keys"
  # shellcheck disable=SC2119
  live_hash >"$folder/hash"
  expect 0 restore latest --vault "$vault" --cluster prod --data-dir "$folder/m1" \
    --bump-revision 0 "$@"
  stop_cluster
  start_restored "$folder"
  every_key >"$folder/keys-restored"
  # shellcheck disable=SC2119
  live_hash >"$folder/hash-restored"
  same 'what the restored etcd holds' "$folder/keys" "$folder/keys-restored"
  same 'the hash that the restored etcd answers' "$folder/hash" "$folder/hash-restored"
}

take_and_look() {
  local i first
  for i in 1 2 3 4; do
    etcdctl put /tour "$i" >/dev/null
    expect 0 backup --keep-last 3
  done
  backups_are 3
  bucket_is_sound
  bucket_has_no_leftovers
  expect 0 in_vault verify --all --quick
  expect 0 lifeboat show latest --vault "$vault" -o json
  equal 'the cluster' "$(json .cluster)" prod
  # shellcheck disable=SC2119
  equal 'the hash' "$(json .etcd.hash_kv.hash)" "$(live_hash | cut -d ' ' -f 1)"

  expect 0 in_vault list -o json
  first=$(json .backups[0].id)
  expect 0 in_vault pin "$first"
  expect 0 in_vault prune --keep-last 1 --dry-run
  equal 'catalogs' "$(bucket_keys | grep -c backup.json)" 3
  expect 0 in_vault prune --keep-last 1
  backups_are 2
  expect 0 in_vault unpin "$first"
  expect 0 in_vault prune --keep-last 1
  backups_are 1
  expect 3 in_vault show "$first"
}

copy_out_and_back() {
  mkdir "$work/folder" "$work/exported" "$work/back"
  expect 0 in_vault copy --all --to "$work/folder"
  expect 0 lifeboat verify --all --vault "$work/folder"
  expect 0 lifeboat copy --all --vault "$work/folder" --cluster prod --to s3://bucket/back
  expect 0 lifeboat copy --all --vault "$work/folder" --cluster prod --to s3://bucket/back -o json
  equal 'what was done the second time' "$(json '[.copies[].was_there] | unique | @csv')" true
  expect 0 lifeboat verify --all --vault s3://bucket/back --cluster prod

  expect 0 in_vault export latest --to "$work/exported"
  expect 0 lifeboat export latest --vault s3://bucket/back --cluster prod --to "$work/back"
  same 'what came back' "$(echo "$work"/exported/snapshot_*)" "$(echo "$work"/back/snapshot_*)"
  verify_file "$(echo "$work"/exported/snapshot_*.db)"
}

rehearse() {
  expect 0 in_vault drill latest --etcd "$etcd_bin/etcd" -o json
  equal 'the drill' "$(json .ok)" true
  bucket_keys | grep -qxF "$(json .record)" || wrong "there is no $(json .record)"
  expect 0 in_vault list -o json
  equal 'what list says' "$(json '.backups[-1].drilled.ok')" true
  restored_is_the_same
}

seal() {
  local identity=$work/prod.key
  expect 0 lifeboat keygen --key-file "$identity" -o json
  expect 0 backup --encrypt-to "$(json .recipient)"
  expect 0 in_vault verify
  stdout_has 'only its stored bytes were compared'
  expect 0 in_vault verify --identity "$identity"
  stdout_has hash_kv
  expect 0 in_vault verify latest --quick
  expect 5 in_vault export latest --to "$work/never"
  restored_is_the_same --identity "$identity"
}

# Of the cluster that was started, with some data in it.
tour() {
  take_and_look
  copy_out_and_back
  rehearse
  seal
  bucket_is_sound
  bucket_has_no_leftovers
}
