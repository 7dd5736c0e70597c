#!/usr/bin/env bash
# A bucket whose name nobody but a proxy knows: everything goes through the proxy, and past it where
# NO_PROXY says so. etcd and this machine are never behind it. A proxy that refuses, is not there or
# is silent is storage that failed, and its password is shown nowhere.
source "$(dirname "$0")/lib.sh"
unset "${!NO_PROXY@}" "${!no_proxy@}"

# All that was ever said, to be searched for the password in the end.
said=$work/said
secret='pa55@w:rd%/2'
as_user=bob:pa55%40w%3Ard%25%2F2

# start_proxy NAME TARGET_PORT [proxy.py's flags...]: sets `proxy`. It writes $work/NAME-log.
start_proxy() {
  "$root/tests/e2e/proxy.py" "$work/$1-port" "$work/$1-log" "${@:2}" &
  wait_until test -s "$work/$1-port"
  touch "$work/$1-log"
  proxy=127.0.0.1:$(cat "$work/$1-port")
}

# check CODE COMMAND...: as `expect`.
check() {
  expect "$@"
  cat "$work/out" "$work/err" >>"$said"
}

# count NAME: of what that proxy was asked for.
count() { wc -l <"$work/$1-log"; }

# asked NAME BEFORE [TIMES]: since it was BEFORE, that number has grown, or has grown by TIMES.
asked() {
  local times=$(($(count "$1") - $2))
  if [ $# -eq 3 ]; then
    equal "how often the proxy '$1' was asked" "$times" "$3"
  else
    [ "$times" -gt 0 ] || wrong "the proxy '$1' was not asked"
  fi
}

# through [VARIABLE=VALUE...]: a listing of the vault that has these variables.
through() { env "$@" "$LIFEBOAT" list --vault "$vault"; }

# Failures that take as long as the attempts at a bucket take. They run beside each other:
# fails NAME VARIABLE=VALUE..., then failed NAME CODE TEXT...
declare -A failing
fails() {
  through "${@:2}" >"$work/$1.out" 2>"$work/$1.err" </dev/null &
  failing[$1]=$!
}

failed() {
  local got=0
  wait "${failing[$1]}" || got=$?
  cp "$work/$1.out" "$work/out"
  cp "$work/$1.err" "$work/err"
  cat "$work/out" "$work/err" >>"$said"
  check_end "$2" "$got" "the one that is called '$1'"
  stderr_has "${@:3}"
}

# ---- Behind TLS -------------------------------------------------------------------------------

start 1
fill_megabytes 20
# An address of this machine that does not look like one: were etcd not excepted, the proxy would be
# asked for it.
connection=(--endpoints "${member_urls[1]/127.0.0.1/0.0.0.0}")
make_ca "$work" ca
make_certificate "$work" ca storage 300 DNS:storage.test,IP:0.0.0.0,IP:127.0.0.1
start_bucket --tls "$work/storage.crt" "$work/storage.key"
bucket_port=${bucket##*:}
export LIFEBOAT_S3_CACERT=$work/ca.crt LIFEBOAT_S3_ENDPOINT=https://storage.test
fails no-proxy

start_proxy tunnel "$bucket_port" --user "bob:$secret"
tunnel=http://$as_user@$proxy
fails past-it HTTPS_PROXY="$tunnel" NO_PROXY='10.0.0.0/8,.test'
fails in-small-letters https_proxy="$tunnel" no_proxy=storage.test:443
fails proxy-for-others HTTP_PROXY="$tunnel" http_proxy="$tunnel"
fails not-there HTTPS_PROXY=http://bob:topsecret@127.0.0.1:1
start_proxy overloaded "$bucket_port" --answer 503
overloaded=$proxy
fails overloaded HTTPS_PROXY="http://bob:topsecret@$proxy"
start_proxy silent "$bucket_port" --hang
silent=$proxy
fails silent HTTPS_PROXY="http://bob:topsecret@$proxy"

export HTTPS_PROXY=$tunnel HTTP_PROXY=$tunnel
check 0 backup -o json
id=$(json .backup.id)
check 0 lifeboat list --vault "$vault" -o json
equal 'the backups' "$(json '[.backups[].id] | @csv')" "\"$id\""
check 0 in_vault verify
stdout_has hash_kv
check 0 in_vault show latest -o json
check 0 in_vault doctor "${connection[@]}"
every_key >"$work/keys"
mkdir "$work/restored" "$work/copied"
check 0 restore latest --vault "$vault" --cluster prod --data-dir "$work/restored/m1" \
  --bump-revision 0
check 0 lifeboat copy --all --vault "$vault" --to "$work/copied" --compress none
equal 'what was said to the proxy' "$(sort -u "$work/tunnel-log")" 'CONNECT storage.test:443'
# One connection for each command at the least.
[ "$(count tunnel)" -ge 6 ] || wrong "the proxy was asked only $(count tunnel) times"
! grep -qv '^[A-Z]* /bucket/' "$work/bucket-log" || wrong "$(cat "$work/bucket-log")"

stop_cluster
start_restored "$work/restored"
every_key >"$work/keys-restored"
same 'what the restored etcd holds' "$work/keys" "$work/keys-restored"

# Either spelling; the one in capitals counts if both are there.
before=$(count tunnel)
unset HTTPS_PROXY HTTP_PROXY
check 0 through https_proxy="$tunnel"
check 0 through HTTPS_PROXY="$tunnel" https_proxy=http://127.0.0.1:1
check 0 through HTTPS_PROXY="$tunnel" NO_PROXY=storage.test:444,test.storage.test,10.0.0.0/8
asked tunnel "$before"

# Past the proxy, to a bucket that can be reached without.
export HTTPS_PROXY=$tunnel LIFEBOAT_S3_ENDPOINT=https://0.0.0.0:$bucket_port
before=$(count tunnel)
check 0 through
asked tunnel "$before"
before=$(count tunnel)
check 0 through NO_PROXY=0.0.0.0
check 0 through no_proxy="example.com 0.0.0.0/8"
check 0 through NO_PROXY='*'
check 0 through LIFEBOAT_S3_ENDPOINT="https://127.0.0.1:$bucket_port"
asked tunnel "$before" 0
export LIFEBOAT_S3_ENDPOINT=https://storage.test

# ---- Refused ----------------------------------------------------------------------------------

proxy=${tunnel#*@}
before=$(count tunnel)
for user in '' bob@ bob:topsecret@ "$as_user-and-more@"; do
  check 5 through HTTPS_PROXY="http://$user$proxy"
  stderr_has "the proxy http://$proxy" 407 HTTPS_PROXY=http://USER:PASSWORD@
done
# What won't be granted is not asked for again.
asked tunnel "$before" 4

start_proxy strict "$bucket_port" --answer 403
check 5 through HTTPS_PROXY="http://bob:topsecret@$proxy"
stderr_has "the proxy http://$proxy" '403 Forbidden' NO_PROXY
check 5 env HTTPS_PROXY="http://bob:topsecret@$proxy" "$LIFEBOAT" backup --vault "$vault" \
  --cluster prod "${connection[@]}" -o json --log-format json
stderr_has "the proxy http://$proxy" '403 Forbidden'
equal 'what it was asked for' "$(cat "$work/strict-log")" \
  "$(printf 'CONNECT storage.test:443\nCONNECT storage.test:443')"

# Who is at the other end is the bucket's certificate to say, not the proxy's word.
make_ca "$work" other-ca
check 5 through LIFEBOAT_S3_CACERT="$work/other-ca.crt"
stderr_has certificate
check 5 through LIFEBOAT_S3_ENDPOINT=https://elsewhere.test
stderr_has elsewhere.test

for url in "https://$as_user@127.0.0.1:1" "socks5://$as_user@127.0.0.1:1" "http://$as_user@" \
  "$as_user@proxy.test:http" 'http://bob:top/secret@proxy.test:3128' \
  'socks5://bob:top/secret@proxy.test:1080'; do
  check 2 through HTTPS_PROXY="$url"
  stderr_has HTTPS_PROXY:
done

# ---- Without TLS ------------------------------------------------------------------------------

unset HTTPS_PROXY
rm "$work/bucket-port" "$work/bucket-log"
start_bucket
bucket_port=${bucket##*:}
export LIFEBOAT_S3_ENDPOINT=http://storage.test
start_proxy whole "$bucket_port" --user "bob:$secret"
whole=http://$as_user@$proxy
export HTTP_PROXY=$whole
start_cluster "$work/second" 1
connect_to "${member_urls[1]/127.0.0.1/0.0.0.0}"
check 0 backup -o json
id=$(json .backup.id)
check 0 through
stdout_has "$id"
check 0 in_vault verify
mkdir "$work/copied-again"
check 0 lifeboat copy --all --vault "$vault" --to "$work/copied-again"
! grep -qv '^[A-Z]* http://storage.test/bucket/' "$work/whole-log" ||
  wrong "the proxy was asked for: $(cat "$work/whole-log")"
# The bucket has seen what went through the proxy, and nothing else.
equal 'what the bucket was asked for' "$(sed 's,http://storage[.]test,,' "$work/whole-log")" \
  "$(cat "$work/bucket-log")"

unset HTTP_PROXY
before=$(count whole)
check 0 through http_proxy="$whole"
check 0 through http_proxy=http://127.0.0.1:1 HTTP_PROXY="$whole"
asked whole "$before"
before=$(count whole)
export HTTP_PROXY=$whole
check 0 through NO_PROXY=0.0.0.0 LIFEBOAT_S3_ENDPOINT="http://0.0.0.0:$bucket_port"
check 0 through LIFEBOAT_S3_ENDPOINT="$bucket"
asked whole "$before" 0
check 5 through HTTP_PROXY="http://bob:topsecret@$proxy"
stderr_has 407 HTTP_PROXY

# ---- What took its time -----------------------------------------------------------------------

name='https://storage.test:443'
failed no-proxy 5 "$name" 'the name storage.test does not resolve'
failed past-it 5 "$name" 'the name storage.test does not resolve'
failed in-small-letters 5 "$name" 'the name storage.test does not resolve'
failed proxy-for-others 5 "$name" 'the name storage.test does not resolve'
failed not-there 5 "$name" 'the proxy http://127.0.0.1:1' 'connection refused' 'check the address'
failed overloaded 5 "$name" "the proxy http://$overloaded" 503 "proxy's log"
failed silent 5 "$name" "the proxy http://$silent" 'does not answer in time' check
# Each was tried again.
asked overloaded 1
asked silent 1

# ---- The password -----------------------------------------------------------------------------

[ "$(wc -c <"$said")" -gt 5000 ] || wrong 'what was said was not kept'
for text in "$secret" "$as_user" "${as_user#*:}" topsecret top/secret \
  "$(printf 'bob:%s' "$secret" | base64)" "$(printf bob:topsecret | base64)" Proxy-Authorization; do
  ! grep -raF -- "$text" "$said" "$work/copied" "$work/copied-again" >"$work/out" ||
    wrong "the proxy's password is shown: $text"
done
