#!/usr/bin/env bash
# A backup that is compressed and encrypted: the tools of the field open it, ours restore and rehearse
# it with its key only, and what was sealed once does not become plain because a flag was forgotten.
source "$(dirname "$0")/lib.sh"
for tool in age zstd; do command -v "$tool" >/dev/null || skip "there is no $tool"; done

start 1
fill_megabytes 20
mkdir "$work/scratch"
export TMPDIR=$work/scratch

expect 0 lifeboat keygen --key-file "$work/prod.key" -o json
recipient=$(json .recipient)
shows_no_secret() { ! grep -q AGE-SECRET-KEY "$work/out" "$work/err" || wrong 'a secret is shown'; }
shows_no_secret
equal 'the mode of the key' "$(stat -c %a "$work/prod.key")" 600

expect 0 backup --compress zstd --encrypt-to "$recipient" -o json
shows_no_secret
sealed=$(echo "$(newest_folder)"/snapshot_*.db.zst.age)
equal 'the stored file' "$(json .backup.files[0].encoding[])" "$(printf 'zstd\nage')"
equal 'its size' "$(json .backup.files[0].size)" "$(stat -c %s "$sealed")"

age -d -i "$work/prod.key" "$sealed" | zstd -dq >"$work/plain.db"
equal 'what age and zstd make of it' "$(sha256sum <"$work/plain.db" | cut -d' ' -f1)" \
  "$(json .backup.files[0].plain_sha256)"
verify_file "$work/plain.db"

expect 0 in_vault verify
stdout_has 'only its stored bytes were compared'
expect 0 in_vault verify --identity "$work/prod.key"
stdout_has hash_kv
expect 0 lifeboat verify --identity "$work/prod.key" "$sealed"
stdout_has hash_kv

expect 2 backup
stderr_has --allow-plain
expect 5 in_vault export latest --to "$work/exported"
stderr_has --identity
expect 0 in_vault export latest --to "$work/exported" --identity "$work/prod.key"
cmp "$work/plain.db" "$work"/exported/snapshot_*.db || wrong 'another file was exported'

every_key >"$work/keys"
expect 0 in_vault drill latest --identity "$work/prod.key" --etcd "$etcd_bin/etcd" -o json
equal 'the drill' "$(json .ok)" true
mkdir "$work/restored"
expect 0 restore latest --vault "$vault" --cluster prod --identity "$work/prod.key" \
  --data-dir "$work/restored/m1" --bump-revision 0
stop_cluster

# Through a pipe, which has no name that says how it is encoded.
through_a_pipe() { tail -c +1 "$1" | restore - --data-dir "$work/piped" --bump-revision 0 "${@:2}"; }
head -c -1 "$sealed" >"$work/cut"
expect 4 through_a_pipe "$work/cut" --identity "$work/prod.key"
stderr_has 'standard input'
expect 5 through_a_pipe "$sealed"
stderr_has --identity
gzip -c "$work/plain.db" >"$work/plain.db.gz"
expect 2 through_a_pipe "$work/plain.db.gz"
stderr_has gunzip
[ ! -e "$work/piped" ] || wrong 'a data directory was left'
for stored in "$sealed" "$work/plain.db.zst"; do
  [ -e "$stored" ] || zstd -q "$work/plain.db"
  expect 0 through_a_pipe "$stored" --identity "$work/prod.key"
  cmp "$work/piped/member/snap/db" "$work/restored/m1/member/snap/db" || wrong 'another database'
  rm -r "$work/piped"
done
start_restored "$work/restored"
every_key >"$work/keys-restored"
same 'what the restored etcd holds' "$work/keys" "$work/keys-restored"

# A key that is another one, and a file that was cut.
expect 0 lifeboat keygen --key-file "$work/other.key"
expect 5 in_vault restore latest --identity "$work/other.key" --data-dir "$work/never"
[ ! -e "$work/never" ] || wrong 'a data directory was left'
expect 5 in_vault verify --all --identity "$work/other.key"
stdout_has SEALED
stderr_has 'is not proven'
truncate -s -1000 "$sealed"
expect 4 in_vault verify
expect 4 in_vault verify --identity "$work/prod.key"
equal 'what is left in the scratch folder' "$(ls -A "$TMPDIR")" ''
