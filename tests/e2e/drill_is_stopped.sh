#!/usr/bin/env bash
# SIGTERM, SIGINT and SIGHUP end a drill while etcd runs: no process, no scratch folder and no record
# is left. Nor does etcd outlive a drill that was killed. Under nohup the end of the session is none.
source "$(dirname "$0")/lib.sh"

start 1
etcdctl put /a b >/dev/null
expect 0 backup
mkdir "$work/scratch"
# An etcd that runs, and never serves.
cat >"$work/program" <<'SCRIPT'
#!/bin/sh
case $1 in --version) echo "etcd Version: 3.4.23" ;; *) echo started; exec sleep 1000 ;; esac
SCRIPT
chmod +x "$work/program"

drill_in_background() {
  start_run drill latest --vault "$vault" --etcd "$work/program" --scratch "$work/scratch"
  wait_until etcd_is_started
  etcd_pid=$(pgrep -P "$run_pid")
}
etcd_is_started() { grep -q started "$work"/scratch/*/etcd.log 2>/dev/null; }
etcd_is_gone() { ! kill -0 "$etcd_pid" 2>/dev/null; }

for signal in TERM INT HUP; do
  drill_in_background
  kill "-$signal" "$run_pid"
  expect_end $((128 + $(kill -l "$signal")))
  took_less_than 2
  etcd_is_gone || wrong 'etcd still runs'
  [ -z "$(ls -A "$work/scratch")" ] || wrong "left behind: $(find "$work/scratch")"
done
trap '' HUP
drill_in_background
trap 'exit 130' HUP
kill -HUP "$run_pid"
sleep 0.3
kill -0 "$run_pid" || wrong 'it ended with the session'
kill -TERM "$run_pid"
expect_end 143
drill_in_background
kill -KILL "$run_pid"
expect_end 137
wait_until etcd_is_gone
[ ! -e "$vault/prod/drills" ] || wrong 'it was recorded'
