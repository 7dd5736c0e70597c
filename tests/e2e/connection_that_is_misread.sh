#!/usr/bin/env bash
# Where gRPC takes what else went wrong in its thread for the error of a connection, as it does now
# and then in a root without /sys, it is tried again: the backup is taken, and no member is called
# lost.
source "$(dirname "$0")/lib.sh"
ldd "$LIFEBOAT" | grep -q libgrpc ||
  skip 'this binary is static: nothing can be put before its connect()'
cc -shared -fPIC -o "$work/misread.so" "$(dirname "$0")/misread_connect.c"

start 3
expect 0 env LD_PRELOAD="$work/misread.so" MISREAD_LOG="$work/misread" \
  ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" \
  "$LIFEBOAT" backup --vault "$vault" --cluster prod "${connection[@]}"
misread=$(wc -l < "$work/misread")
[ "$misread" = 3 ] || wrong "$misread connections were misread instead of 3"
! grep -q warning: "$work/err" || wrong 'somebody was warned'
backups_are 1
