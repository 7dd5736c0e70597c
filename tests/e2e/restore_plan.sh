#!/usr/bin/env bash
# The plan touches nothing, and the command in it does what it says, with the paths that it names.
source "$(dirname "$0")/lib.sh"

start 1
etcdctl put /key old >/dev/null
take_snapshot
stop_cluster
mkdir "$work/ours"
inventory() { find "$work/ours" "$work/etcd" "$vault" -printf '%p %s %T@ %C@\n' | sort; }
inventory >"$work/before"
data_dir="$work/ours/the new one"
expect 0 restore latest --vault "$vault" --data-dir "$data_dir" --bump-revision 7 --plan
inventory >"$work/after"
same 'what is there' "$work/before" "$work/after"

# The same output, which the helper overwrites.
expect 0 restore latest --vault "$vault" --data-dir "$data_dir" --bump-revision 7 --plan
stdout_has "$(basename "$(newest_folder)")" 'cluster prod' "$data_dir" "${member_urls[1]}" \
  "$(printf '%s' "m1=${peer_urls[1]}")"
sed -n '/^    lifeboat restore/,/^$/p' "$work/out" >"$work/command"
command=$(<"$work/command")
[[ $command == *lifeboat\ restore* ]] || wrong 'the plan has no command'
run_the_plan() { eval "$command"; }
expect 0 run_the_plan
whole_or_nothing "$data_dir"
mv "$data_dir" "$work/ours/m1"
start_restored "$work/ours"
equal 'the key' "$(etcdctl get --print-value-only /key)" old

# What can't be restored has no plan.
expect 2 restore latest --vault "$vault" --data-dir "$data_dir" --bump-revision seven --plan
expect 3 restore 2020-01-01_000000 --vault "$vault" --data-dir "$data_dir" --plan
