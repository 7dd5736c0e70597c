#!/usr/bin/env bash
# Backups of other tools, in every layout that is known, are proven and taken into the vault once;
# what does not prove is named and left out, the folder that they lie in stays as it is, and an
# adopted backup restores as any other.
# Runs with every etcd.
source "$(dirname "$0")/lib.sh"

old=$work/old

# save PATH: what cluster-backup.sh does. Every snapshot is of another revision.
save() {
  mkdir -p "${1%/*}"
  etcdctl put /saved "$1" >/dev/null
  quietly etcdctl snapshot save "$1"
}

start 1
write_history

# cluster-backup.sh in a folder of a cron job's, and the same as --force leaves it.
resources=static-pod-resources/kube-apiserver-pod-7
mkdir -p "$work/etc/$resources/secrets"
echo secret >"$work/etc/$resources/secrets/tls.key"
ln -s secrets/tls.key "$work/etc/$resources/key"
first=$old/20260101T060001
save "$first/snapshot_2026-01-01_060000.db"
tar -cpzf "$first/static_kuberesources_2026-01-01_060000.tar.gz" -C "$work/etc" "$resources"
save "$old/forced/snapshot_2026-01-02_060000__POSSIBLY_DIRTY__.db"
# A local time, and no time in the file's name.
save "$old/deep/er/etcd-backup-2026-01-03T06:00:00+01:00/snapshot_prod.db"
# The one archive of OpenShift 4.3.
save "$work/snapshot.db"
tar -cpzf "$old/snapshot_db_kuberesources_2026-01-04_060000.tar.gz" \
  -C "$work/etc" "$resources" -C "$work" snapshot.db
# Nothing but the file's own time.
save "$old/by hand/snapshot.db"
touch -d '2026-01-05 06:00:00 UTC' "$old/by hand/snapshot.db"
# Near misses.
head -c 20001 "$first/snapshot_2026-01-01_060000.db" >"$old/snapshot_2026-01-06_060000.db"
mkfifo "$old/snapshot_pipe.db"
ln -s "$work/snapshot.db" "$old/snapshot_link.db"
ln -s / "$old/root"
: >"$old/snapshot_empty.db"

inventory() {
  find "$old" -printf '%p %y %s %m %T@ %C@\n' | sort
  find "$old" -type f -exec sha256sum {} + | sort
}
inventory >"$work/before"

expect 8 in_vault adopt "$old" --dry-run -o json
equal 'the plan' "$(json '[.planned[].id] | join(" ")')" \
  '2026-01-01_060000 2026-01-02_060000 2026-01-03_050000 2026-01-04_060000 2026-01-05_060000'
[ ! -e "$vault/prod/backups" ] || wrong 'a dry run wrote into the vault'

expect 8 in_vault adopt "$old" -o json
equal 'the adopted' "$(json '[.adopted[].id] | join(" ")')" \
  '2026-01-01_060000 2026-01-02_060000 2026-01-03_050000 2026-01-04_060000 2026-01-05_060000'
equal 'the failed' "$(json '[.failed[].path | sub(".*/"; "")] | sort | join(" ")')" \
  'snapshot_2026-01-06_060000.db snapshot_empty.db snapshot_link.db snapshot_pipe.db'
equal 'the platforms' "$(json '[.adopted[].platform] | join(" ")')" \
  'openshift none none openshift none'
inventory >"$work/after"
same 'the folder' "$work/before" "$work/after"
backups_are 5
no_leftovers

backups=$vault/prod/backups
same 'the snapshot' "$first/snapshot_2026-01-01_060000.db" \
  "$backups/2026-01-01_060000/snapshot_2026-01-01_060000.db"
[ -f "$backups/2026-01-02_060000/snapshot_2026-01-02_060000__POSSIBLY_DIRTY__.db" ] ||
  wrong 'the mark is gone'
same "the archive's snapshot" "$work/snapshot.db" \
  "$backups/2026-01-04_060000/snapshot_2026-01-04_060000.db"
# What is left of that archive has what GNU tar put into it.
listed() { tar --numeric-owner --full-time -tvzf "$1"; }
listed "$first/static_kuberesources_2026-01-01_060000.tar.gz" >"$work/wanted"
listed "$backups/2026-01-04_060000/static_kuberesources_2026-01-04_060000.tar.gz" >"$work/got"
same 'the rest of the archive' "$work/wanted" "$work/got"

# A second time, and with something new.
save "$old/snapshot_2026-01-07_060000.db"
expect 8 in_vault adopt "$old" -o json
equal 'the rest' "$(json '"\(.adopted | length) \(.present | length) \(.failed | length)"')" '1 5 4'

# A backup afterwards, in the same vault; then the newest adopted one comes back.
expect 0 backup --keep-last 0
backups_are 7
expect 0 in_vault list
stdout_has '2026-01-07_060000'
expect 0 in_vault show 2026-01-07_060000
stdout_has 'adopted'
stop_cluster
mkdir "$work/restored"
expect 0 restore 2026-01-07_060000 --vault "$vault" --cluster prod --data-dir "$work/restored/m1" \
  --bump-revision 0
start_restored "$work/restored"
equal 'the key' "$(etcdctl get --print-value-only /saved)" "$old/snapshot_2026-01-07_060000.db"

# Nothing there, and nothing that proves.
mkdir "$work/empty" "$work/bad"
expect 3 in_vault adopt "$work/empty"
expect 3 in_vault adopt "$work/none"
head -c 5000 /dev/urandom >"$work/bad/snapshot_2026-01-08_060000.db"
expect 4 in_vault adopt "$work/bad"
stdout_has 'does not end in the SHA-256'
