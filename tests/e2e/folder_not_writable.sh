#!/usr/bin/env bash
# A vault that this user may not write to.
source "$(dirname "$0")/lib.sh"

start 1
chmod 755 "$work"
chmod 555 "$vault"
as_user=()
if [ "$(id -u)" -eq 0 ]; then as_user=(setpriv --reuid 65534 --regid 65534 --clear-groups); fi
cp "$LIFEBOAT" "$work/lifeboat"
expect 5 "${as_user[@]}" "$work/lifeboat" backup --vault "$vault" --cluster prod "${connection[@]}"
stderr_has "$vault" permission
equal 'what is in the vault' "$(ls -A "$vault")" ''
