#!/usr/bin/env bash
# The image, run as a container runtime runs the manifests' pods, in both modes: without any
# capability or new privileges, with a root file system that is read-only, and only the vault to
# write to.
source "$(dirname "$0")/lib.sh"

needs_root
for tool in buildah crun; do
  command -v "$tool" >/dev/null || skip "$tool is not installed: scripts/setup --image"
done
needs_static_binary

# ---- The image --------------------------------------------------------------------------------

image=$work/lifeboat.tar
expect 0 "$root/scripts/image" --binary "$LIFEBOAT" --output "$image"
digest=$(tail -n 1 "$work/out")
expect 0 "$root/scripts/image" --binary "$LIFEBOAT" --output "$work/again/lifeboat.tar"
equal 'the digest of a second image' "$(tail -n 1 "$work/out")" "$digest"
cmp "$image" "$work/again/lifeboat.tar" || wrong 'a second archive differs'
blob() { tar -xOf "$image" "blobs/${1/://}"; }
equal 'the digest' "$(blob "$digest" | sha256sum)" "${digest#sha256:}  -"
layer=$(blob "$digest" | jq -r '.layers[].digest')
equal 'the files' "$(blob "$layer" | tar -tzf - | grep -v '/$' | tr '\n' ' ')" \
  'etc/group etc/passwd etc/ssl/certs/ca-certificates.crt usr/local/bin/lifeboat '
times=$(blob "$layer" | tar -tvzf - --numeric-owner --full-time | awk '{print $2, $4, $5}')
commit=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}
equal 'owners and times' "$(sort -u <<<"$times")" "0/0 $(date -d "@$commit" '+%F %T')"
say "the image's digest: $digest"

# ---- A node, secrets, and the manifests -------------------------------------------------------

use_tls
start 1
fill_megabytes 12
slow_down 1 5000000

# What root alone may read on a control plane's node of kubeadm's.
node=$work/node/etc/kubernetes
mkdir -p "$node/manifests" "$node/pki/etcd"
cp "$tls/ca.crt" "$node/pki/etcd/ca.crt"
cp "$tls/client.crt" "$node/pki/etcd/healthcheck-client.crt"
cp "$tls/client.key" "$node/pki/etcd/healthcheck-client.key"
for pod in kube-apiserver kube-controller-manager kube-scheduler; do
  echo "# $pod" >"$node/manifests/$pod.yaml"
done
cat >"$node/manifests/etcd.yaml" <<MANIFEST
apiVersion: v1
kind: Pod
metadata:
  name: etcd
  namespace: kube-system
spec:
  containers:
  - name: etcd
    command:
    - etcd
    - --advertise-client-urls=${member_urls[1]}
    - --client-cert-auth=true
    - --listen-client-urls=${member_urls[1]}
    - --trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt
MANIFEST
chown -R root:root "$work/node"
chmod -R go= "$work/node"

# A Secret and a ConfigMap as the kubelet mounts them: for the pod's group, behind two links.
publish() {
  local folder=$1
  shift
  mkdir -p "$folder/..2026_11_21"
  while [ $# -gt 0 ]; do
    cp "$2" "$folder/..2026_11_21/$1"
    ln -s "..data/$1" "$folder/$1"
    shift 2
  done
  ln -s ..2026_11_21 "$folder/..data"
}
publish "$work/secret" tls.crt "$tls/client.crt" tls.key "$tls/client.key"
publish "$work/ca" ca-bundle.crt "$tls/ca.crt"

# render NAME FLAGS...: the manifests of a way to run it, in $work/NAME.yaml.
render() {
  expect 0 lifeboat manifests --cluster prod --image lifeboat:test "${@:2}"
  cp "$work/out" "$work/$1.yaml"
}
render control-plane --platform kubernetes --mode control-plane
render network --platform kubernetes --mode network --endpoints "${member_urls[1]}"
render openshift --platform openshift --mode network --endpoints "${member_urls[1]}"

# ---- Runs -------------------------------------------------------------------------------------

# contained NAME [make_bundle.py's flags...]: runs the pod of $work/NAME.yaml. The id of its process
# is in $work/pid.
contained() {
  local name=$1 bundle
  shift
  bundle=$(mktemp -d "$work/bundle.XXXXXX")
  rm -f "$work/pid"
  # crun refuses a machine that has control groups of both versions mounted.
  # shellcheck disable=SC2016  # The inner shell's.
  "$root/tests/e2e/make_bundle.py" "$image" "$work/$name.yaml" "$bundle" \
    --volume kubernetes="$node" --volume backups="$vault" --volume etcd-client="$work/secret" \
    --volume etcd-ca="$work/ca" "$@" &&
    unshare --mount sh -c '
      ! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified
      exec "$@"' sh crun --root "$work/crun" --cgroup-manager=disabled run --bundle "$bundle" \
      --pid-file "$work/pid" "lifeboat-${bundle##*.}"
}

# for_group GROUP: the volumes belong to it, as fsGroup makes them, and the vault to a user that no
# pod runs as.
for_group() {
  chown "65534:$1" "$vault"
  chown -R "root:$1" "$work/secret" "$work/ca"
  chmod 2775 "$vault"
  chmod -R u=rX,g=rX,o= "$work/secret" "$work/ca"
}

# runs_confined NAME USER GROUP FS_GROUP [make_bundle.py's flags...]: takes a backup and looks at
# its process from outside.
runs_confined() {
  local name=$1 user=$2 group=$3 groups=$4 pid rights writable
  shift 4
  contained "$name" "$@" >"$work/out" 2>"$work/err" </dev/null &
  run_pid=$!
  wait_until stream_has 1000000
  pid=$(cat "$work/pid")
  rights=$(sed -nE 's/[[:space:]]+/ /g; s/ $//; /^(Uid|Gid|Groups|Cap|NoNew|Seccomp:)/p' \
    "/proc/$pid/status")
  equal "what the process of $name may do" "$rights" "Uid: $user $user $user $user
Gid: $group $group $group $group
Groups: $groups
CapInh: 0000000000000000
CapPrm: 0000000000000000
CapEff: 0000000000000000
CapBnd: 0000000000000000
CapAmb: 0000000000000000
NoNewPrivs: 1
Seccomp: 2"
  writable=$(awk '$6 ~ /^rw/ {print $5}' "/proc/$pid/mountinfo" | grep -vE '^/(dev|proc)(/|$)')
  equal 'what is mounted to be written' "$writable" /backups
  expect_end 0
  backups_are 1
}

# stops_when_told NAME: as the first process of its namespace it would outlive a signal that it does
# not handle.
stops_when_told() {
  contained "$1" >"$work/out" 2>"$work/err" </dev/null &
  run_pid=$!
  wait_until stream_has 1000000
  kill -TERM "$(cat "$work/pid")"
  expect_end 143
  took_less_than 2
  backups_are 0
}

# may_not_write FOLDER... -- NAME [make_bundle.py's flags...]: lifeboat itself tries to.
may_not_write() {
  local folders=()
  while [ "$1" != -- ]; do
    folders+=("${1%/}/data")
    shift
  done
  shift
  local folder
  for folder in "${folders[@]}"; do
    expect 5 contained "$@" --args restore latest --vault /backups --data-dir "$folder"
    stderr_has "$folder" 'read-only'
  done
}

for_group 0
stops_when_told control-plane
runs_confined control-plane 0 0 0
catalog=$(newest_folder)/backup.json
equal 'the platform' "$(jq -r .platform "$catalog")" kubeadm
equal 'the files' "$(jq -c '[.files[].role]' "$catalog")" '["snapshot","static_kuberesources"]'
may_not_write / /etc /usr/local/bin /host /host/etc/kubernetes -- control-plane
expect 0 contained control-plane --args verify latest --vault /backups

vault=$work/network
mkdir "$vault"
for_group 65532
stops_when_told network
runs_confined network 65532 65532 65532
may_not_write / /etc/lifeboat /etc/etcd-client -- network
expect 0 contained network --args verify latest --vault /backups

# OpenShift gives each namespace a range of user ids that no image knows.
vault=$work/openshift
mkdir "$vault"
for_group 1000680000
stranger=(openshift --as 1000680000:0:1000680000)
expect 0 contained "${stranger[@]}" --args version
stdout_has lifeboat
runs_confined openshift 1000680000 0 1000680000 "${stranger[@]:1}"
may_not_write / /etc/etcd-client -- "${stranger[@]}"
