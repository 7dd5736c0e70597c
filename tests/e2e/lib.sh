# shellcheck shell=bash
# What the end-to-end tests share. Each test is a script: one behaviour, black box, a real etcd.
#
# LIFEBOAT names the binary under test. A test ends with 0 when what it checks holds, with 77 where
# it can't run, with anything else when it fails. It has a folder of its own, $work, with a vault in
# it, $vault, and leaves nothing behind: no file, no mount, no process.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/etcd.sh"

: "${LIFEBOAT:?set it to the binary under test}"
work=${TMPDIR:-/tmp}/lifeboat-e2e.$$
vault=$work/vault
# Flags that lead to the cluster that was started.
connection=()
# How long the last `expect` took.
milliseconds=0
# What the user of this machine has set is no part of a test.
unset "${!LIFEBOAT_@}" "${!ETCDCTL_@}"

clean_up() {
  local status=$? mount
  trap - EXIT
  # Not to be interrupted a second time.
  trap '' INT TERM HUP
  {
    # Stopped processes die of SIGKILL too.
    jobs -p | xargs --no-run-if-empty kill -KILL
    wait
  } 2>/dev/null || true
  findmnt --list --noheadings --output TARGET | grep -F "$work/" | sort -r |
    while read -r mount; do umount --lazy "$mount"; done || true
  rm -rf "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
mkdir "$work" "$vault"

skip() {
  say "skipped: $*"
  exit 77
}

needs_root() { [ "$(id -u)" -eq 0 ] || skip "it mounts file systems, which takes root"; }

# ---- Clusters ---------------------------------------------------------------------------------

# From here on clusters speak TLS and ask for client certificates. All certificates of all tests
# are made once, in one folder: $tls.
use_tls() {
  local cache=$root/build/e2e
  mkdir -p "$cache"
  (
    flock 9
    if ! [ "$cache/tls/made" -nt "${BASH_SOURCE[0]}" ] ||
      [ -n "$(find "$cache/tls/made" -mmin +1000)" ]; then
      make_all_certificates "$cache/tls"
    fi
  ) 9>"$cache/lock"
  tls=$cache/tls
}

make_all_certificates() {
  rm -rf "$1"
  make_certificates "$1"
  make_certificate "$1" ca expired-server -1
  make_certificate "$1" ca expired-client -1
  make_certificate "$1" ca old-client 5
  make_certificate "$1" ca elsewhere-server 300 DNS:etcd.elsewhere.test
  make_ca "$1" other-ca
  make_certificate "$1" other-ca other-client 300
  touch "$1/made"
}

# start SIZE [etcd's flags...]: a cluster, and `connection` for it.
start() {
  start_cluster "$work/etcd" "$@"
  connect_to "$(endpoints)"
}

# connect_to ENDPOINTS: sets `connection`, with the right TLS files.
connect_to() {
  connection=(--endpoints "$1")
  if [ -n "$tls" ]; then
    connection+=(--cacert "$tls/ca.crt" --cert "$tls/client.crt" --key "$tls/client.key")
  fi
}

# fill [fill-etcd's flags...]: through the first member.
fill() {
  local flags=(--endpoint "${member_urls[1]}")
  if [ -n "$tls" ]; then
    flags+=(--cacert "$tls/ca.crt" --cert "$tls/client.crt" --key "$tls/client.key")
  fi
  "$root/scripts/fill-etcd" "${flags[@]}" "$@"
}

# fill_megabytes COUNT: of database, quickly.
fill_megabytes() { fill --count "$1" --value-size 1000000; }

# slow_down MEMBER BYTES_PER_SECOND: puts a slow line before it; member_urls then names that line.
slow_down() {
  take_port
  local line=127.0.0.1:$port
  "$root/tests/e2e/slow_line.py" "$line" "${member_urls[$1]#*//}" "$2" &
  until port_is_taken "$port"; do sleep 0.05; done
  member_urls[$1]=$(scheme)://$line
}

# ---- Runs -------------------------------------------------------------------------------------

lifeboat() { "$LIFEBOAT" "$@"; }

# In the vault, for the cluster of all tests.
in_vault() {
  local command=$1
  shift
  lifeboat "$command" --vault "$vault" --cluster prod "$@"
}

backup() { in_vault backup "${connection[@]}" "$@"; }

# expect CODE COMMAND...: runs it; its output is in $work/out and $work/err afterwards.
expect() {
  local want=$1 got=0 begin
  shift
  begin=$(date +%s%3N)
  "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
  milliseconds=$(($(date +%s%3N) - begin))
  check_end "$want" "$got" "$*"
}

check_end() {
  [ "$2" -eq "$1" ] || wrong "exit $2 instead of $1: $3"
  ! grep -qE 'terminate called|Sanitizer|runtime error:|std::|core dumped' "$work/err" ||
    wrong "it broke: $3"
}

# wrong MESSAGE: fails the test and shows what the last run said.
wrong() {
  say "FAILED: $*"
  say "--- standard output:" && head -c 2000 "$work/out"
  say "--- standard error:" && head -c 4000 "$work/err"
  exit 1
}

# Runs a backup in the background: `backup_pid`, then expect_end.
start_backup() {
  : >"$work/out"
  "$LIFEBOAT" backup --vault "$vault" --cluster prod "${connection[@]}" "$@" \
    >"$work/out" 2>"$work/err" </dev/null &
  backup_pid=$!
}

# expect_end CODE: waits for the backup in the background; 128 + N when a signal N ended it.
expect_end() {
  local got=0 begin
  begin=$(date +%s%3N)
  wait "$backup_pid" 2>/dev/null || got=$?
  milliseconds=$(($(date +%s%3N) - begin))
  check_end "$1" "$got" "the backup in the background"
}

# wait_until COMMAND...: at most 20 seconds.
wait_until() {
  local tries
  for ((tries = 0; tries < 1000; tries++)); do
    ! "$@" || return 0
    sleep 0.02
  done
  wrong "this does not come true: $*"
}

# stream_has BYTES: a snapshot that is not yet whole has grown to that.
stream_has() {
  [ -n "$(find "$vault" -name '*.partial' -size "+$(($1 - 1))c" 2>/dev/null)" ]
}

# ---- Expectations -----------------------------------------------------------------------------

# Each text stands somewhere in what the last run said, whatever its case.
stderr_has() {
  local text
  for text in "$@"; do grep -qiF -- "$text" "$work/err" || wrong "standard error lacks: $text"; done
}

stdout_has() {
  local text
  for text in "$@"; do grep -qiF -- "$text" "$work/out" || wrong "standard output lacks: $text"; done
}

took_less_than() {
  [ "$milliseconds" -lt $(($1 * 1000)) ] || wrong "it took $milliseconds ms, not less than $1 s"
}

# equal WHAT ACTUAL EXPECTED
equal() { [ "$2" = "$3" ] || wrong "$1 is '$2' and not '$3'"; }

# json FILTER: from the last run's output.
json() { jq -r "$1" "$work/out"; }

# backups_are COUNT: that many exist, and each of them is whole.
backups_are() {
  expect 0 lifeboat list --vault "$vault" -o json
  equal 'the number of backups' "$(json '.backups | length')" "$1"
  [ "$1" -eq 0 ] || expect 0 in_vault verify --all --quiet
}

# Neither partial files nor folders without a catalog.
no_leftovers() {
  local folder
  [ -z "$(find "$vault" -name '*.partial')" ] || wrong "partial files: $(find "$vault")"
  for folder in "$vault"/prod/backups/*/; do
    [ ! -d "$folder" ] || [ -e "$folder/backup.json" ] || wrong "a leftover: $folder"
  done
}

# The folder of the newest backup.
newest_folder() { find "$vault/prod/backups" -mindepth 1 -maxdepth 1 -type d | sort | tail -n 1; }
