#!/usr/bin/env bash
# A bucket that fails now and then is borne with; one that refuses, forgets or lies makes the run
# fail with the exit status of storage or of corruption, and never leaves a backup that counts.
source "$(dirname "$0")/lib.sh"

# One that does nothing but fail, of which a run despairs after a while. The rest goes on meanwhile.
despair() {
  local got=0 begin
  begin=$(date +%s%3N)
  in_vault list >"$work/broken.out" 2>"$work/broken.err" </dev/null || got=$?
  echo "$got $(($(date +%s%3N) - begin))" >"$work/broken"
}
start_bucket --fault 500:1
despair &
despair_pid=$!
rm "$work/bucket-port"

start 1
fill_megabytes 20
start_bucket --page 2
expect 0 backup
equal 'the number of backups' "$(bucket_keys | grep -c backup.json)" 1

for fault in '500:5' 'slow_down:5' 'cut:5' 'lost:6' 'truncate:4' 'stall:29' \
  '500:17 slow_down:13 cut:11 lost:19 truncate:7'; do
  faults "$fault"
  expect 0 backup --keep-last 2
  expect 0 in_vault verify latest
  expect 0 in_vault list
  faults ''
  bucket_is_sound
  # An upload whose beginning was answered into the void is nobody's until the next run.
  expect 0 in_vault prune --keep-last 2
  bucket_has_no_leftovers
done
backups_are 2

# must_fail CODE FAULT TEXT: a backup ends so, and is not there afterwards.
must_fail() {
  bucket_keys | grep backup.json >"$work/before"
  faults "$2"
  expect "$1" backup
  faults ''
  stderr_has "$3"
  ! grep -q secret "$work/err" || wrong 'a key is shown'
  bucket_keys | grep backup.json >"$work/after"
  same "what counts after $2" "$work/before" "$work/after"
  backups_are 2
}

must_fail 4 forget:1 'is not there'
must_fail 4 checksum:1 'checksum'
must_fail 4 etag:1 InvalidPart
# The next run heals what is left.
expect 0 backup --keep-last 2
bucket_has_no_leftovers

AWS_SECRET_ACCESS_KEY=other expect 5 backup
stderr_has '403 SignatureDoesNotMatch'

wait "$despair_pid"
read -r got milliseconds <"$work/broken"
cp "$work/broken.out" "$work/out"
cp "$work/broken.err" "$work/err"
check_end 5 "$got" 'in a bucket that does nothing but fail'
stderr_has '500 InternalError'
took_less_than 60
