# shellcheck shell=bash
# What the end-to-end tests share. Each test is a script: one behaviour, black box, a real etcd.
#
# LIFEBOAT names the binary under test, ETCD_VERSION the etcd that it meets. A script with the line
# "# Runs with every etcd." is one test for each version, any other for Debian 12's own.
#
# A test ends with 0 when what it checks holds, with 77 where it can't run, with anything else when
# it fails. It has a folder of its own, $work, with a vault in it, $vault, and leaves nothing behind:
# no file, no mount, no process.
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
unset "${!LIFEBOAT_@}" "${!ETCDCTL_@}" "${!AWS_@}" "${!HTTP_PROXY@}" "${!HTTPS_PROXY@}" \
  "${!http_proxy@}" "${!https_proxy@}"

clean_up() {
  local status=$? mount
  trap - EXIT
  # Not to be interrupted a second time.
  trap '' INT TERM HUP
  {
    # Stopped processes die of SIGKILL too. A function in the background is a shell with a child.
    jobs -p | while read -r job; do
      pkill -KILL -P "$job"
      kill -KILL "$job"
    done
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
# A test may fail before its first run.
touch "$work/out" "$work/err"

skip() {
  say "skipped: $*"
  exit 77
}

needs_root() { [ "$(id -u)" -eq 0 ] || skip "it mounts file systems, which takes root"; }

# From here on LIFEBOAT is the program as it is released: it needs no file but itself.
needs_static_binary() {
  readelf --program-headers "$LIFEBOAT" | grep -q INTERP || return 0
  LIFEBOAT=$root/build/release/lifeboat
  if ! [ -x "$LIFEBOAT" ] || [ -n "$(find "$root/src" -newer "$LIFEBOAT" -name '*.cc')" ]; then
    skip 'it takes a release build that is up to date: scripts/build-release'
  fi
}

[ -x "$etcd_bin/etcd" ] || skip "etcd $etcd_version is not there: scripts/setup --etcd-versions"

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

# put_line MEMBER PROGRAM NUMBER: puts a line before it; member_urls then names that line.
put_line() {
  take_port
  local line=127.0.0.1:$port
  "$root/tests/e2e/$2" "$line" "${member_urls[$1]#*//}" "$3" &
  until port_is_taken "$port"; do sleep 0.05; done
  member_urls[$1]=$(scheme)://$line
}

# slow_down MEMBER BYTES_PER_SECOND
slow_down() { put_line "$1" slow_line.py "$2"; }

# put_far_away MEMBER MILLISECONDS, each way.
put_far_away() { put_line "$1" distant_line.py "$2"; }

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

# What one run may take, and a build without sanitizers does. They take more.
memory_max_kib=65536
has_sanitizers() { grep -q __asan_init "$LIFEBOAT"; }

# bounded COMMAND FLAGS...: runs lifeboat, which does well and takes no more memory than it may.
bounded() {
  local peak_kib
  expect 0 measured "$@"
  peak_kib=$(cat "$work/peak")
  say "peak memory of $1: $peak_kib KiB"
  [ "$peak_kib" -le "$memory_max_kib" ] || wrong "$1 took $peak_kib KiB"
}

# measured COMMAND FLAGS...: runs lifeboat; its peak memory in KiB is in $work/peak then. A drill's own
# is looked at while it runs: afterwards that of its etcd is counted with it.
measured() {
  /usr/bin/python3 - "$work/peak" "$LIFEBOAT" "$@" <<'PYTHON'
import os, re, sys, time
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
peak = []
while sys.argv[3] == "drill" and not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
    peak = re.findall(r"VmHWM:\s*(\d+)", open("/proc/%d/status" % pid).read()) or peak
    time.sleep(0.01)
_, status, usage = os.wait4(pid, 0)
open(sys.argv[1], "w").write(str(peak[0] if peak else usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
PYTHON
}

# start_run FLAGS...: runs lifeboat in the background: `run_pid`, then expect_end.
start_run() {
  : >"$work/out"
  "$LIFEBOAT" "$@" >"$work/out" 2>"$work/err" </dev/null &
  run_pid=$!
}

start_backup() { start_run backup --vault "$vault" --cluster prod "${connection[@]}" "$@"; }

# expect_end CODE: waits for the run in the background; 128 + N when a signal N ended it.
expect_end() {
  local got=0 begin
  begin=$(date +%s%3N)
  wait "$run_pid" 2>/dev/null || got=$?
  milliseconds=$(($(date +%s%3N) - begin))
  check_end "$1" "$got" "the run in the background"
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

# kill_at_random COMMAND...: starts it as start_run does, and kills it at a moment within `longest`
# milliseconds; `killed` and `runs` count. It may end in time, but only well.
killed=0 runs=0 longest=0
kill_at_random() {
  local moment status=0
  runs=$((runs + 1))
  [ "$runs" -le 150 ] || wrong "only $killed of $runs runs lived long enough to be killed"
  "$@"
  moment=$((RANDOM % longest))
  sleep "$((moment / 1000)).$(printf %03d $((moment % 1000)))"
  kill -KILL "$run_pid" 2>/dev/null || true
  wait "$run_pid" 2>/dev/null || status=$?
  case $status in
    137) killed=$((killed + 1)) ;;
    0) ;;
    *) wrong "exit $status after $moment ms" ;;
  esac
}

# ---- Buckets ----------------------------------------------------------------------------------

# start_bucket [s3_server.py's flags...]: a bucket, which is the vault from here on.
start_bucket() {
  "$root/tests/e2e/s3_server.py" "$work/bucket-port" --log "$work/bucket-log" "$@" &
  until [ -s "$work/bucket-port" ]; do sleep 0.05; done
  bucket=http://127.0.0.1:$(cat "$work/bucket-port")
  export AWS_ACCESS_KEY_ID=KEY AWS_SECRET_ACCESS_KEY=secret LIFEBOAT_S3_ENDPOINT=$bucket
  vault=s3://bucket/etcd
}

# ask_bucket WHAT [TEXT]: GET or PUT /-/WHAT, as s3_server.py says. The shell does it by itself, a
# hundred times faster than a program that is to be started.
ask_bucket() {
  local method=GET text=${2-} status
  [ $# -eq 1 ] || method=PUT
  exec 3<>"/dev/tcp/127.0.0.1/${bucket##*:}"
  printf '%s /-/%s HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s' "$method" "$1" "${#text}" "$text" >&3
  read -r _ status _ <&3
  [ "$status" = 200 ] || wrong "the bucket answers $status for $1"
  sed '1,/^\r$/d' <&3
  exec 3>&-
}

# From here on the bucket fails that way, as with --fault; none when there are none.
faults() { ask_bucket faults "$*" >/dev/null; }

# Each object but the lease, without the prefix; unfinished uploads.
bucket_keys() { ask_bucket keys | sed 's,etcd/,,' | grep -v '/[.]lock$' || true; }

# No catalog lacks a file that it names.
bucket_is_sound() {
  local keys catalog id file
  keys=$(bucket_keys)
  expect 0 lifeboat list --vault "$vault" -o json
  jq -r '.backups[] | .id as $id | .files[] | "prod/backups/\($id)/\(.name)"' "$work/out" >"$work/named"
  while read -r file; do
    grep -qxF -- "$file" <<<"$keys" || wrong "a catalog names $file, and the bucket has: $keys"
  done <"$work/named"
}

# Nothing of a run that died.
bucket_has_no_leftovers() {
  local keys folder
  keys=$(bucket_keys)
  ! grep '^unfinished' <<<"$keys" || wrong 'unfinished uploads'
  while read -r folder; do
    grep -qxF "$folder/backup.json" <<<"$keys" || wrong "a leftover: $folder"
  done < <(sed -n 's,^\(prod/backups/[^/]*\)/.*,\1,p' <<<"$keys" | sort -u)
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

# ---- Databases --------------------------------------------------------------------------------

# What verify says of a file, in $work/out.
verify_file() { expect 0 lifeboat verify "$1" -o json; }

# catch_up URL: returns when that member has applied what was acknowledged by any. Where users are
# asked for, the answer is a refusal, as late as that.
catch_up() { etcdctl --endpoints "$1" get / --count-only >/dev/null 2>&1 || true; }

# live_hash [URL]: what a member, the first unless named, answers for HashKV at its newest revision:
# "HASH COMPACT_REVISION".
# shellcheck disable=SC2120  # Some scripts do name one.
live_hash() {
  local url=${1:-${member_urls[1]}}
  catch_up "$url"
  etcdctl --endpoints "$url" endpoint hashkv -w json |
    jq -r '.[0].HashKV | "\(.hash) \(.compact_revision)"'
}

# The newest revision of the first member.
revision() { status_of 1 Revision; }

# stop_member NUMBER: as its service would be stopped.
stop_member() {
  kill -TERM "${member_pids[$1]}"
  wait "${member_pids[$1]}" 2>/dev/null || true
}

# What a live keyspace is made of: writes, versions, leases that hold and that end, deletes of one
# key and of many, transactions, keys that come back.
write_history() {
  local lease doomed i
  fill --count 150
  lease=$(etcdctl lease grant 3600 | sed -E 's/lease ([0-9a-f]+) .*/\1/')
  doomed=$(etcdctl lease grant 3600 | sed -E 's/lease ([0-9a-f]+) .*/\1/')
  for i in 1 2 3 4 5; do
    etcdctl put "/history/kept/$i" "$i"
    etcdctl put "/history/kept/$i" "$i again" --lease "$lease"
    etcdctl put "/history/doomed/$i" "$i" --lease "$doomed"
    etcdctl put "/history/deleted/$i" "$i"
  done
  etcdctl lease revoke "$doomed"
  etcdctl del /history/deleted/1
  etcdctl del --prefix /history/deleted/
  etcdctl put /history/deleted/1 'back again'
  etcdctl txn <<'TXN'
version("/history/kept/1") > "1"

put /history/txn/1 one
del /history/kept/2
put /history/txn/2 two

put /history/never never

TXN
} >/dev/null

# alter_value NUMBER OLD NEW: stops the member, replaces a value in its database by another of the
# same length, wherever it stands, and starts the member again. etcd does not notice.
alter_value() {
  catch_up "${member_urls[$1]}"
  stop_member "$1"
  /usr/bin/python3 - "$cluster/m$1/member/snap/db" "$2" "$3" <<'PYTHON'
import pathlib, sys
path, old, new = pathlib.Path(sys.argv[1]), sys.argv[2].encode(), sys.argv[3].encode()
content = path.read_bytes()
if len(old) != len(new) or old not in content:
    sys.exit("no such value, or not of that length")
path.write_bytes(content.replace(old, new))
PYTHON
  start_member "$1" "$initial_cluster"
  wait_for_member "$1"
}

# status_of NUMBER FIELD: of etcdctl's fields. (jq would round ids.)
status_of() {
  etcdctl --endpoints "${member_urls[$1]}" endpoint status -w fields | sed -n "s/^\"$2\" : //p"
}

# A member's id, as etcdctl prints it.
member_id() { printf %x "$(status_of "$1" MemberID)"; }

# lead NUMBER: makes that member the leader.
lead() {
  local id number
  id=$(member_id "$1")
  [ "$(status_of "$1" Leader)" != "$(status_of "$1" MemberID)" ] || return 0
  # All but the leader refuse.
  for number in "${!member_urls[@]}"; do
    ! etcdctl --endpoints "${member_urls[number]}" move-leader "$id" >/dev/null 2>&1 || return 0
  done
  wrong "member $1 does not become the leader"
}

# How often a member has answered HashKV.
hashes_answered() {
  ask_metrics "$1" /metrics |
    sed -n 's/^grpc_server_handled_total{grpc_code="OK",grpc_method="HashKV".* //p'
}

# ---- Restores ---------------------------------------------------------------------------------

# take_snapshot [backup's flags...]: a backup. Its file is `snapshot`.
take_snapshot() {
  expect 0 backup "$@"
  snapshot=$(echo "$(newest_folder)"/snapshot_*.db)
}

# identity_of NUMBER: sets `identity`, flags that make it that member of the cluster that was
# started. They are the same for lifeboat and for etcd's own tools.
identity_of() {
  identity=(--name "m$1" --initial-cluster "$initial_cluster" --initial-cluster-token "lifeboat-$$"
    --initial-advertise-peer-urls "${peer_urls[$1]}")
}

# restore FLAGS...: as the first member.
restore() {
  identity_of 1
  lifeboat restore "${identity[@]}" "$@"
}

# etcds_tool ARGUMENTS...: etcd's own program for files, which was etcdctl before there was etcdutl.
etcds_tool() {
  local tool=$etcd_bin/etcdutl
  [ -x "$tool" ] || tool=$etcd_bin/etcdctl
  ETCDCTL_API=3 quietly "$tool" "$@"
}

# etcds_restore SNAPSHOT FOLDER [flags...]: what etcd's own tool makes of it, as the first member.
etcds_restore() {
  identity_of 1
  mkdir -p "${2%/*}"
  etcds_tool snapshot restore "$1" --data-dir "$2" "${identity[@]}" "${@:3}"
}

stop_cluster() {
  local number
  for number in "${!member_pids[@]}"; do stop_member "$number"; done
  member_pids=()
}

# start_restored FOLDER [NUMBER...]: those members, or the first one, with the ports of before on
# the data directories FOLDER/m1 and so on. None of them makes a new one.
start_restored() {
  cluster=$1
  shift
  [ $# -gt 0 ] || set -- 1
  local number
  for number; do
    [ -d "$cluster/m$number/member" ] || wrong "nothing was restored for member $number"
    start_member "$number" "$initial_cluster"
  done
  for number; do wait_for_member "$number"; done
}

# Every key with its revisions, version, lease and value, and the revision of the store.
every_key() { etcdctl get --prefix '' -w fields | grep -v '^"RaftTerm"'; }

# events_from REVISION: what a watch of everything is told, up to the newest revision. The last
# change has to be a put.
events_from() {
  local newest pid
  newest=$(revision)
  : >"$work/events"
  { etcdctl watch --prefix '' --rev "$1" -w fields >"$work/events"; } 2>"$work/watch.err" &
  pid=$!
  wait_until grep -q "^\"ModRevision\" : $newest\$" "$work/events"
  # Of that last event the value is still to come.
  sleep 0.3
  # The shell that runs the function ends with its child.
  pkill -P "$pid"
  wait "$pid" 2>/dev/null || true
  cat "$work/events"
}

# Leases but for how much longer they last. etcd tells their keys in any order.
every_lease() {
  local id
  etcdctl lease list | tail -n +2 | sort | while read -r id; do
    etcdctl lease timetolive --keys "$id" | sed 's/remaining([0-9]*s)//' | tr ' ([])' '\n' | sort
  done
}

# Everything that a client may ask the first member about its data.
ask_everything() {
  every_key
  etcdctl member list -w fields | grep -v '^"RaftTerm"'
  # shellcheck disable=SC2119
  live_hash
  every_lease
  etcdctl user list
  etcdctl role list
}

# same WHAT FILE OTHER
same() { diff "$2" "$3" >"$work/out" || wrong "$1 differs"; }

# A whole data directory is there, or none at all: never a half one, and nothing else beside it.
whole_or_nothing() {
  local names
  names=$({ ls -A "$1" 2>/dev/null || true; } | tr '\n' ' ')
  case $names in
    '') ;;
    'member ')
      if [ ! -s "$1/member/snap/db" ] || [ -z "$(find "$1/member/wal" -name '*.wal')" ]; then
        wrong "half a data directory: $(find "$1")"
      fi
      ;;
    *) wrong "this is left: $(find "$1")" ;;
  esac
}
