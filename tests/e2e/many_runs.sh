#!/usr/bin/env bash
# However often each command has run, what lies in vault, bucket and temporary folder is what lay
# there after the first few runs: no file, no lock and no temporary name is left, and no connection
# to etcd. LIFEBOAT_E2E_ROUNDS sets for how many rounds of ten commands; a thousand take some minutes.
rounds=${LIFEBOAT_E2E_ROUNDS:-20}
source "$(dirname "$0")/lib.sh"

folder=$vault
start 1
fill --count 20
start_bucket
bucket_vault=$vault
vault=$folder
export TMPDIR=$work/tmp
mkdir "$TMPDIR" "$work/copies" "$work/exported"

without_ids() { sed -E 's/[0-9]{4}-[0-9]{2}-[0-9]{2}_[0-9]{6}(_[0-9]+)?/ID/g' | sort | uniq -c; }

what_is_left() {
  (cd "$work" && find vault copies tmp exported) | without_ids
  ask_bucket keys | without_ids
  find "/proc/${member_pids[1]}/fd" -lname 'socket:*' | wc -l
}

round() {
  expect 0 backup --also-to "$bucket_vault" --keep-last 2 --quiet
  expect 0 in_vault verify --quiet
  expect 0 in_vault list -o json
  expect 0 in_vault show latest -o json
  expect 0 in_vault copy latest --to "$work/copies" --quiet
  expect 0 lifeboat prune --vault "$work/copies" --cluster prod --keep-last 2
  expect 0 lifeboat restore latest --vault "$bucket_vault" --cluster prod --data-dir "$work/data"
  rm -r "$work/data"
  expect 0 in_vault export latest --to "$work/exported"
  rm -r "$work/exported" && mkdir "$work/exported"
  # These do nothing, each for its own reason.
  expect 2 in_vault verify --no-such-flag
  expect 6 in_vault backup --endpoints http://127.0.0.1:1 --also-to "$bucket_vault"
}

for ((i = 1; i <= 3; i++)); do round; done
what_is_left >"$work/left-early"
for (( ; i <= rounds; i++)); do round; done
# etcd sees that a connection has ended a moment after its client.
is_as_before() {
  what_is_left >"$work/left-late"
  diff "$work/left-early" "$work/left-late" >"$work/out"
}
wait_until is_as_before
say "$rounds rounds of ten commands leave what three leave: $(wc -l <"$work/left-early") kinds of names"
