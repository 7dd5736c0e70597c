#!/usr/bin/env bash
# A control-plane node of OpenShift: its files say all that a backup needs to know.
source "$(dirname "$0")/lib.sh"

use_tls
start 3

# ---- The node ---------------------------------------------------------------------------------

node=$work/node
kubernetes=$node/etc/kubernetes
resources=$kubernetes/static-pod-resources
certs=$resources/etcd-certs
scripts=$certs/configmaps/etcd-scripts
kubeconfigs=$resources/kube-apiserver-certs/secrets/node-kubeconfigs
mkdir -p "$scripts" "$certs/configmaps/etcd-all-bundles" "$certs/secrets/etcd-all-certs" \
  "$kubeconfigs" "$kubernetes/manifests" "$node/var/lib/etcd"
cp "$tls/ca.crt" "$certs/configmaps/etcd-all-bundles/server-ca-bundle.crt"
cp "$tls/client.crt" "$certs/secrets/etcd-all-certs/etcd-peer-cp-0.example.com.crt"
cp "$tls/client.key" "$certs/secrets/etcd-all-certs/etcd-peer-cp-0.example.com.key"
in_pod=/etc/kubernetes/static-pod-certs
cat >"$scripts/etcd.env" <<ENV
export ALL_ETCD_ENDPOINTS="${member_urls[1]},${member_urls[2]},${member_urls[3]}"
export ETCDCTL_CACERT="$in_pod/configmaps/etcd-all-bundles/server-ca-bundle.crt"
export ETCDCTL_CERT="$in_pod/secrets/etcd-all-certs/etcd-peer-cp-0.example.com.crt"
export ETCDCTL_ENDPOINTS="${member_urls[1]},${member_urls[2]},${member_urls[3]}"
export ETCDCTL_KEY="$in_pod/secrets/etcd-all-certs/etcd-peer-cp-0.example.com.key"
export ETCD_IMAGE="\$(touch $work/executed)"
ENV
# A file that a shell would execute is one that is not understood.
expect 2 in_vault backup --host-root "$node"
stderr_has 'etcd.env line 6'
[ ! -e "$work/executed" ] || wrong 'etcd.env was executed'
sed -i '$d' "$scripts/etcd.env"

for pod in etcd kube-apiserver kube-controller-manager kube-scheduler; do
  for revision in 6 7 8; do
    mkdir -p "$resources/$pod-pod-$revision/secrets/some key"
    echo "$pod $revision" >"$resources/$pod-pod-$revision/$pod-pod.yaml"
    echo secret >"$resources/$pod-pod-$revision/secrets/some key/tls.key"
    chmod 600 "$resources/$pod-pod-$revision/secrets/some key/tls.key"
    ln -s /etc/passwd "$resources/$pod-pod-$revision/link"
  done
  echo "    path: /etc/kubernetes/static-pod-resources/$pod-pod-7" \
    >"$kubernetes/manifests/$pod-pod.yaml"
done
echo '{"clusterId":1,"raftIndex":{"a":1}}' >"$node/var/lib/etcd/revision.json"

api_pid=
api() {
  [ -z "$api_pid" ] || kill "$api_pid" 2>/dev/null || true
  rm -f "$work/api_port"
  "$root/tests/e2e/operators_api.py" "$1" "$work/api_port" "$tls/server.crt" "$tls/server.key" \
    "$tls/ca.crt" 2>/dev/null &
  api_pid=$!
  wait_until test -s "$work/api_port"
  cat >"$kubeconfigs/localhost.kubeconfig" <<KUBECONFIG
apiVersion: v1
kind: Config
current-context: system:admin
clusters:
- name: localhost
  cluster:
    certificate-authority-data: $(base64 -w0 <"$tls/ca.crt")
    server: https://127.0.0.1:$(cat "$work/api_port")
contexts:
- name: system:admin
  context: {cluster: localhost, user: system:admin}
users:
- name: system:admin
  user:
    client-certificate-data: $(base64 -w0 <"$tls/client.crt")
    client-key-data: $(base64 -w0 <"$tls/client.key")
KUBECONFIG
}

# ---- Settled ----------------------------------------------------------------------------------

api settled
expect 0 in_vault backup --host-root "$node" -o json
equal 'the platform' "$(json .backup.platform)" openshift
equal 'the node' "$(json .backup.node)" cp-0.example.com
equal 'the proof' "$(json .backup.etcd.hash_kv.live)" equal
equal 'the files' "$(json '.backup.files[].role' | tr '\n' ' ')" \
  'snapshot static_kuberesources revision '
folder=$(newest_folder)
tar -C "$kubernetes" -cpzf "$work/gnu.tar.gz" static-pod-resources/{etcd,kube-apiserver}-pod-7 \
  static-pod-resources/{kube-controller-manager,kube-scheduler}-pod-7
tar tvf "$folder"/static_kuberesources_*.tar.gz | sort >"$work/ours"
tar tvf "$work/gnu.tar.gz" | sort >"$work/gnus"
same "what GNU tar lists" "$work/ours" "$work/gnus"
# As cluster-restore.sh takes it.
mkdir "$work/restored"
tar -C "$work/restored" -xzf "$folder"/static_kuberesources_*.tar.gz static-pod-resources
diff -r --no-dereference "$resources/etcd-pod-7" \
  "$work/restored/static-pod-resources/etcd-pod-7" || wrong 'what was unpacked differs'
expect 0 in_vault verify latest

expect 0 in_vault export latest --to "$work/exported"
ls "$work/exported"/static_kuberesources_*.tar.gz >/dev/null || wrong 'the archive is not exported'
expect 0 in_vault doctor --host-root "$node"

# ---- Not settled ------------------------------------------------------------------------------

for mode in progressing 403 garbage; do
  api "$mode"
  expect 6 in_vault backup --host-root "$node" --settled require
  expect 8 in_vault backup --host-root "$node" -o json
  [[ $(json '.backup.files[0].name') == *__POSSIBLY_DIRTY__.db ]] || wrong 'the snapshot has no mark'
  [[ $(json '.backup.files[1].name') == *__POSSIBLY_DIRTY__.tar.gz ]] || wrong 'the archive has no mark'
  stderr_has 'may be changing'
  expect 0 in_vault verify latest
  expect 0 in_vault backup --host-root "$node" --settled ignore
done
expect 0 restore latest --vault "$vault" --cluster prod --data-dir "$work/data"

# ---- Near misses ------------------------------------------------------------------------------

api settled
echo 'path: /etc/kubernetes/static-pod-resources/etcd-pod-9' >"$kubernetes/manifests/etcd-pod.yaml"
mkfifo "$resources/kube-scheduler-pod-7/fifo"
expect 8 in_vault backup --host-root "$node"
stderr_has 'etcd-pod-9' fifo
expect 8 in_vault backup --host-root "$node" --method auto -o json
equal 'the method' "$(json .backup.method)" native
stderr_has 'cluster-backup.sh'
expect 3 in_vault backup --host-root "$node" --method script
expect 2 in_vault backup --method script
expect 3 in_vault backup --host-root "$work/nothing"
kill "$api_pid"
no_leftovers
