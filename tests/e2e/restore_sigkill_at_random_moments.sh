#!/usr/bin/env bash
# SIGKILL at 40 random moments: there is no `member`, or the old one, or the whole new one; a later
# run works and clears what was left.
source "$(dirname "$0")/lib.sh"

seed=${SEED:-$RANDOM}
say "seed $seed (SEED=$seed repeats the moments)"
RANDOM=$seed
start 1
fill_megabytes 6
take_snapshot
hash=$(live_hash)
stop_cluster
identity_of 1
mkdir "$work/ours"
data_dir=$work/ours/m1
expect 0 restore "$snapshot" --data-dir "$data_dir" --bump-revision 0
longest=$((milliseconds * 11 / 10))
rm -r "$data_dir"

member_is_whole() {
  expect 0 lifeboat verify "$data_dir/member/snap/db" -o json
  equal 'the hash' "$(json '.results[0].hash_kv')" "${hash% *}"
  [ -n "$(find "$data_dir/member/wal" -name '*.wal')" ] || wrong 'there is no log'
}
while [ "$killed" -lt 40 ]; do
  had_member=$([ ! -d "$data_dir/member" ] || echo yes)
  kill_at_random start_run restore "$snapshot" "${identity[@]}" --data-dir "$data_dir" \
    --bump-revision 0 --replace
  if [ -d "$data_dir/member" ]; then
    member_is_whole
  else
    [ -z "$had_member" ] || wrong "the old member is gone: $(find "$data_dir")"
  fi
  # Every fourth time it begins with nothing.
  [ $((runs % 4)) -ne 0 ] || rm -rf "$data_dir"
done
say "$killed of $runs runs were killed"
expect 0 restore "$snapshot" --data-dir "$data_dir" --bump-revision 0 --replace
member_is_whole
equal 'leftovers' "$(find "$data_dir" -mindepth 1 -maxdepth 1 \
  ! -name member ! -name 'member.before-*')" ''
start_restored "$work/ours"
equal 'the hash that etcd answers' "$(live_hash)" "$hash"
