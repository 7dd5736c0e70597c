#!/usr/bin/env bash
# No command takes more than 64 MiB of memory, whatever the size of the database, in a folder and in
# a bucket, plain and sealed. The sanitizers take more than the program, so it is measured on a build
# without them. LIFEBOAT_E2E_MEGABYTES sets another size than 300; TMPDIR has to have room for six
# times as much.
megabytes=${LIFEBOAT_E2E_MEGABYTES:-300}
source "$(dirname "$0")/bucket_tour.bash"

if has_sanitizers; then
  LIFEBOAT=$root/build/release/lifeboat
  if ! [ -x "$LIFEBOAT" ] || [ -n "$(find "$root/src" -newer "$LIFEBOAT" -name '*.cc')" ]; then
    skip 'it takes a release build that is up to date: scripts/build-release'
  fi
fi

of_prod() { bounded "$1" --vault "$vault" --cluster prod "${@:2}"; }

use_tls
start 1 --quota-backend-bytes "$((megabytes * 2000000 + 1000000000))"
fill_megabytes "$megabytes"
folder=$vault
of_prod backup --quiet "${connection[@]}"
size=$(jq '.files[0].size' "$(newest_folder)/backup.json")
[ "$size" -ge "${megabytes}000000" ] || wrong "the database is only $size bytes"
# What follows asks no cluster, and its room is needed.
stop_cluster
rm -r "$cluster"

of_prod list
of_prod show latest
of_prod verify latest --quiet
of_prod verify latest --quick --quiet
of_prod restore latest --quiet --data-dir "$work/data"
bounded verify "$work/data/member/snap/db" --quiet
rm -r "$work/data"
of_prod drill latest --quiet --etcd "$etcd_bin/etcd" --scratch "$work"
of_prod export latest --quiet --to "$work/exported"
mkdir "$work/adopted"
bounded adopt "$work/exported" --quiet --vault "$work/adopted" --cluster prod
rm -r "$work/exported" "$work/adopted"
of_prod export latest --quiet --to -

expect 0 lifeboat keygen --key-file "$work/prod.key" -o json
recipient=$(json .recipient)
mkdir "$work/sealed"
of_prod copy latest --quiet --to "$work/sealed" --compress zstd --encrypt-to "$recipient"
vault=$work/sealed
of_prod verify latest --quiet --identity "$work/prod.key"
of_prod restore latest --quiet --identity "$work/prod.key" --data-dir "$work/data"
rm -r "$work/data"

start_s3rver
put_foreign etcd/prod etcd/prod/backups
bounded copy latest --quiet --vault "$folder" --cluster prod --to "$vault"
of_prod list
of_prod verify latest --quiet
of_prod restore latest --quiet --data-dir "$work/data"
rm -r "$work/data" "$work/sealed"
mkdir "$work/back"
of_prod copy latest --quiet --to "$work/back" --compress none
same 'what came back' "$folder"/prod/backups/*/snapshot_*.db "$work"/back/prod/backups/*/snapshot_*.db
