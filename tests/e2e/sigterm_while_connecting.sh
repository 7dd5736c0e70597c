#!/usr/bin/env bash
# SIGTERM before etcd has answered: the end comes within a second, too.
source "$(dirname "$0")/lib.sh"

start 1
slow_down 1 0
connect_to "${member_urls[1]}"
start_backup
sleep 0.7
kill -TERM "$run_pid"
expect_end 143
took_less_than 1
backups_are 0
