# shellcheck shell=bash
# Throw-away etcd clusters on loopback, for the demo and the end-to-end tests. To be sourced.
# Everything is made below one folder; members are children of the sourcing shell.
#
#   make_certificates FOLDER
#   tls=FOLDER                       # or empty: plain http
#   start_cluster FOLDER 3 [etcd's own flags...]
#   "${member_urls[1]}" "${member_pids[1]}" and so on; index 0 is not used

source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

member_urls=()
member_pids=()
cluster=
initial_cluster=
tls=
server_certificate=server
# A hundred ports for each process id, so that scripts that begin at the same time do not meet; below
# what the kernel hands out for outgoing connections.
next_port=$((15000 + $$ % 170 * 100))

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Sets `port`.
take_port() {
  while port_is_taken "$next_port"; do next_port=$((next_port + 1)); done
  port=$next_port
  next_port=$((next_port + 1))
}

# make_ca FOLDER NAME
make_ca() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
    -subj "/CN=$2" -keyout "$1/$2.key" -out "$1/$2.crt" \
    -addext keyUsage=critical,keyCertSign 2>/dev/null
}

# make_certificate FOLDER CA NAME DAYS [SAN]: good for servers and for clients, as etcd's own
# gateway needs it. DAYS below zero: expired.
make_certificate() {
  local folder=$1 ca=$2 name=$3 days=$4 san=${5:-IP:127.0.0.1,DNS:localhost}
  local begin end
  begin=$(date -u -d '40 days ago' +%Y%m%d%H%M%SZ)
  end=$(date -u -d "$days days" +%Y%m%d%H%M%SZ)
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" \
    -keyout "$folder/$name.key" -out "$folder/$name.csr" 2>/dev/null
  mkdir "$folder/$name.issued"
  : >"$folder/$name.issued/index"
  cat >"$folder/$name.cnf" <<CONFIG
[ca]
default_ca = issuer
[issuer]
new_certs_dir = $folder/$name.issued
database = $folder/$name.issued/index
default_md = sha256
rand_serial = yes
policy = policy
x509_extensions = extensions
[policy]
commonName = supplied
[extensions]
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = $san
CONFIG
  openssl ca -batch -config "$folder/$name.cnf" -cert "$folder/$ca.crt" \
    -keyfile "$folder/$ca.key" -startdate "$begin" -enddate "$end" -notext \
    -in "$folder/$name.csr" -out "$folder/$name.crt" 2>/dev/null
  rm -r "$folder/$name.issued" "$folder/$name.csr" "$folder/$name.cnf"
}

make_certificates() {
  mkdir -p "$1"
  make_ca "$1" ca
  make_certificate "$1" ca server 300
  make_certificate "$1" ca client 300
}

scheme() { if [ -n "$tls" ]; then echo https; else echo http; fi; }

# start_member NUMBER INITIAL-CLUSTER [etcd's flags...]: with the ports that start_cluster chose.
start_member() {
  local number=$1 initial=$2
  shift 2
  local flags=()
  if [ -n "$tls" ]; then
    flags+=(--cert-file "$tls/$server_certificate.crt" --key-file "$tls/$server_certificate.key"
      --trusted-ca-file "$tls/ca.crt" --client-cert-auth
      --peer-cert-file "$tls/server.crt" --peer-key-file "$tls/server.key"
      --peer-trusted-ca-file "$tls/ca.crt" --peer-client-cert-auth)
  fi
  "$etcd_bin/etcd" --name "m$number" --data-dir "$cluster/m$number" \
    --listen-client-urls "${member_urls[number]}" \
    --advertise-client-urls "${member_urls[number]}" \
    --listen-peer-urls "${peer_urls[number]}" \
    --initial-advertise-peer-urls "${peer_urls[number]}" \
    --listen-metrics-urls "http://127.0.0.1:${metrics_ports[number]}" \
    --initial-cluster "$initial" --initial-cluster-token "lifeboat-$$" \
    --logger zap --log-outputs stderr "${flags[@]}" "$@" \
    </dev/null >>"$cluster/m$number.log" 2>&1 &
  member_pids[number]=$!
}

# choose_ports NUMBER
choose_ports() {
  take_port && member_urls[$1]=$(scheme)://127.0.0.1:$port
  take_port && peer_urls[$1]=$(scheme)://127.0.0.1:$port
  take_port && metrics_ports[$1]=$port
}

# ask_metrics NUMBER PATH: what a member answers there.
ask_metrics() {
  { exec 3<>"/dev/tcp/127.0.0.1/${metrics_ports[$1]}"; } 2>/dev/null || return 1
  printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&3
  cat <&3
  exec 3>&-
}

member_is_healthy() { [[ $(ask_metrics "$1" /health) == *'"health":"true"'* ]]; }

# Waits until a member knows a leader and serves.
wait_for_member() {
  local tries=0
  until member_is_healthy "$1"; do
    kill -0 "${member_pids[$1]}" 2>/dev/null || fail "etcd $1 ended: $(tail -n 3 "$cluster/m$1.log")"
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || fail "etcd $1 does not get ready: $(tail -n 3 "$cluster/m$1.log")"
    sleep 0.05
  done
}

# start_cluster FOLDER SIZE [etcd's flags...]
start_cluster() {
  cluster=$1
  initial_cluster=''
  local size=$2 number
  shift 2
  mkdir -p "$cluster"
  for ((number = 1; number <= size; number++)); do
    choose_ports "$number"
    initial_cluster+=${initial_cluster:+,}m$number=${peer_urls[number]}
  done
  for ((number = 1; number <= size; number++)); do
    start_member "$number" "$initial_cluster" "$@"
  done
  for ((number = 1; number <= size; number++)); do wait_for_member "$number"; done
}

# All URLs with commas between them.
endpoints() {
  local IFS=,
  echo "${member_urls[*]}"
}

# etcd's own client, on the first member unless told otherwise. More patient than it is by itself: a
# machine may be busy with other things.
etcdctl() {
  local flags=(--dial-timeout 10s --command-timeout 30s)
  [[ " $* " == *' --endpoints '* ]] || flags+=(--endpoints "${member_urls[1]}")
  if [ -n "$tls" ]; then
    flags+=(--cacert "$tls/ca.crt" --cert "$tls/client.crt" --key "$tls/client.key")
  fi
  ETCDCTL_API=3 "$etcd_bin/etcdctl" "${flags[@]}" "$@"
}
