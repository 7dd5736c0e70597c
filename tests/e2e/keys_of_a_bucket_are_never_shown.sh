#!/usr/bin/env bash
# The keys of a bucket stand in no list of processes, no output, no catalog and no core dump.
source "$(dirname "$0")/lib.sh"

start 1
fill_megabytes 8
fast=${member_urls[1]}
slow_down 1 20000
connect_to "${member_urls[1]}"
start_bucket
mkdir "$work/scratch"

# shows_no_key FILE...: the secret key is the word "secret".
shows_no_key() { ! grep -rqi secret "$@" || wrong 'a key was written down'; }

cd "$work" || exit
ulimit -c "$(ulimit -H -c)"
# AddressSanitizer would forbid core dumps by itself.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}disable_coredump=0
start_backup --log-format json --scratch "$work/scratch"
receives() { [ -n "$(find "$work/scratch" -type f -size +0)" ]; }
wait_until receives
tr '\0' '\n' <"/proc/$run_pid/cmdline" >"$work/arguments"
shows_no_key "$work/arguments"
# One byte, which holds for what a kernel pipes to a program as well.
limit=$(sed -nE 's/^Max core file size +([^ ]+).*/\1/p' "/proc/$run_pid/limits")
[[ $limit =~ ^[01]$ ]] || wrong "a core dump may have $limit bytes"
kill -ABRT "$run_pid"
expect_end 134
[ -z "$(find "$work" -name 'core*')" ] || wrong 'there is a core dump'
shows_no_key "$work/out" "$work/err" "$work/scratch"

# The dead run holds the lock for its time; that of another cluster is free.
connect_to "$fast"
expect 0 lifeboat backup --vault "$vault" --cluster other "${connection[@]}" --log-format json
shows_no_key "$work/out" "$work/err"
ask_bucket keys >"$work/keys"
shows_no_key "$work/keys"
expect 0 lifeboat show latest --vault "$vault" --cluster other -o json
shows_no_key "$work/out"
