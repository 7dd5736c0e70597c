#!/usr/bin/env bash
# One backup into a folder, a bucket and a second folder: each has it, encoded as it wants it and with
# its own retention; one that is full or gone is named, and costs the others nothing.
source "$(dirname "$0")/lib.sh"

start 1
fill_megabytes 10
start_bucket
bucket_vault=$vault
folder=$work/folder
other=$work/other
mkdir "$folder" "$other" "$work/scratch"
export TMPDIR=$work/scratch
unset LIFEBOAT_VAULT

everywhere() {
  lifeboat backup --cluster prod "${connection[@]}" --vault "$folder" \
    --also-to "$bucket_vault?keep-last=3" --also-to "$1?keep-last=1" --keep-last 2 -o json
}

for _ in 1 2 3 4; do expect 0 everywhere "$other"; done
id=$(json .backup.id)
count() { lifeboat list --vault "$1" --cluster prod -o json 2>"$work/err" | jq '.backups | length'; }
equal 'backups in the folder' "$(count "$folder")" 2
equal 'backups in the bucket' "$(count "$bucket_vault")" 3
equal 'backups in the other folder' "$(count "$other")" 1
for each in "$folder" "$bucket_vault" "$other"; do
  expect 0 lifeboat verify "$id" --vault "$each" --cluster prod
done
expect 0 lifeboat show latest --vault "$bucket_vault" --cluster prod -o json
equal 'what a bucket holds' "$(json .files[0].encoding[])" zstd
expect 0 lifeboat verify latest --quick --vault "$bucket_vault" --cluster prod
bucket_is_sound

# However it is spelled, and through a link.
ln -s other "$work/link"
for again in "$folder/" "$work/link/../folder"; do
  expect 2 everywhere "$again"
  stderr_has 'named twice'
done
cd "$work" || exit
expect 2 everywhere folder/
stderr_has 'named twice'
cd "$OLDPWD" || exit

expect 8 everywhere "$work/not-mounted"
equal 'the vaults that have it' "$(json '[.vaults[].ok] | @csv')" true,true,false
stderr_has not-mounted

# Keys that the bucket does not take.
AWS_SECRET_ACCESS_KEY=wrong expect 8 everywhere "$other"
stderr_has SignatureDoesNotMatch
equal 'the vaults that have it' "$(json '[.vaults[].ok] | @csv')" true,false,true
expect 0 everywhere "$other"
bucket_is_sound
bucket_has_no_leftovers
equal 'what is left in the scratch folder' "$(ls -A "$TMPDIR")" ''
