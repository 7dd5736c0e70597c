#!/usr/bin/env bash
# OpenShift's own script, run in a chroot of the node: what it leaves becomes a proven backup, or
# this program takes its place.
# shellcheck disable=SC2016  # the node's script expands it
source "$(dirname "$0")/lib.sh"

needs_root
use_tls
start 1

# ---- A node with programs to run ----------------------------------------------------------------

node=$work/node
mkdir -p "$node"/{bin,etc/kubernetes/manifests,usr/local/bin,var/tmp,tls,dev}
chmod 1777 "$node/var/tmp"
cp "$tls"/{ca.crt,client.crt,client.key} "$node/tls/"
for program in bash tar gzip mkdir sleep rm; do
  cp -L "$(command -v "$program")" "$node/bin/"
done
ln -s bash "$node/bin/sh"
cp -L "$etcd_bin/etcdctl" "$node/bin/"
for program in "$node"/bin/*; do
  { ldd "$program" 2>/dev/null || true; } | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$node${library%/*}"
    cp -nL "$library" "$node$library"
  done
done
mkdir -p "$node/etc/kubernetes/static-pod-resources/etcd-pod-7"
echo etcd >"$node/etc/kubernetes/static-pod-resources/etcd-pod-7/etcd-pod.yaml"
for pod in etcd kube-apiserver kube-controller-manager kube-scheduler; do
  mkdir -p "$node/etc/kubernetes/static-pod-resources/$pod-pod-7"
  echo "path: /etc/kubernetes/static-pod-resources/$pod-pod-7" \
    >"$node/etc/kubernetes/manifests/$pod-pod.yaml"
done

# script COMMANDS: what the node's script does; $1 is the folder, $stamp the time.
script() {
  cat >"$node/usr/local/bin/cluster-backup.sh" <<SCRIPT
#!/bin/bash
set -e
stamp=2026-11-21_055959
save() {
  ETCDCTL_API=3 etcdctl --endpoints ${member_urls[1]} --cacert /tls/ca.crt --cert /tls/client.crt \\
    --key /tls/client.key snapshot save "\$1/snapshot_\$stamp.db"
}
pods() {
  tar -cpzf "\$1/static_kuberesources_\$stamp.tar.gz" -C /etc/kubernetes \\
    static-pod-resources/etcd-pod-7
}
$1
SCRIPT
  chmod 755 "$node/usr/local/bin/cluster-backup.sh"
}

take() {
  in_vault backup --host-root "$node" --platform openshift --settled ignore "${connection[@]}" \
    -o json "$@"
}

# Nothing stays on the node, whatever became of the script.
nothing_stays() {
  local left
  left=$(find "$node/var/tmp" -mindepth 1)
  [ -z "$left" ] || wrong "this is left on the node: $left"
  ! pgrep -f 'sleep 31[45]' >/dev/null || wrong 'something that the script started still runs'
}

# ---- Well ---------------------------------------------------------------------------------------

script 'echo "found latest etcd"; save "$1"; pods "$1"'
expect 0 take --method script
equal 'the method' "$(json .backup.method)" script
equal 'the files' "$(json '.backup.files[].role' | tr '\n' ' ')" 'snapshot static_kuberesources '
equal 'the proof' "$(json .backup.etcd.hash_kv.live)" equal
stderr_has 'found latest etcd'
nothing_stays
expect 0 in_vault verify latest
expect 0 restore latest --vault "$vault" --cluster prod --data-dir "$work/data"

# ---- Ill ----------------------------------------------------------------------------------------

ill() {
  local name=$1
  script "$2"
  expect "$3" take --method script --script-timeout 3s
  nothing_stays
  expect 0 take --method auto --script-timeout 3s
  equal "the method after: $name" "$(json .backup.method)" native
  nothing_stays
}
ill 'a failure before' 'echo "no space" >&2; exit 3' 6
stderr_has 'no space'
ill 'a failure after' 'save "$1"; pods "$1"; exit 3' 6
ill 'one file only' 'save "$1"' 6
ill 'garbage' 'pods "$1"; echo garbage >"$1/snapshot_$stamp.db"' 4
ill 'a script that hangs' 'save "$1"; sleep 314' 6
ill 'a child that outlives it' 'set -m; (trap "" TERM HUP; sleep 315) & exit 3' 6

# ---- Stopped, and killed ------------------------------------------------------------------------

start_script() {
  rm -f "$node/ready"
  start_backup --host-root "$node" --platform openshift --settled ignore --method script
  wait_until test -e "$node/ready"
}
script 'trap "" TERM; : >/ready; while :; do sleep 0.1; done'
start_script
kill "$run_pid"
expect_end 143
took_less_than 1
nothing_stays
script 'echo secret >"$1/key"; : >/ready; sleep 314'
start_script
kill -KILL "$run_pid"
expect_end 137
doctor() {
  in_vault doctor --host-root "$node" --platform openshift --settled ignore "${connection[@]}" "$@"
}
expect 8 doctor
grep -q 'lifeboat-script-.*killed' "$work/out" || wrong 'the doctor does not name what is left'
expect 0 take
stderr_has 'removed what a run of the backup script that was killed left behind'
nothing_stays

rm "$node/usr/local/bin/cluster-backup.sh"
expect 3 doctor --method script
expect 3 take --method script
expect 0 take --method auto

# ---- Static pods that are not as they should be -------------------------------------------------

mkfifo "$node/etc/kubernetes/static-pod-resources/etcd-pod-7/pipe"
truncate -s 5G "$node/etc/kubernetes/static-pod-resources/etcd-pod-7/sparse"
expect 8 take
stderr_has 'pipe is neither a file'
stderr_has 'sparse has 5.0 GiB'
rm "$node/etc/kubernetes/static-pod-resources/etcd-pod-7/"{pipe,sparse}
mv "$node/etc/kubernetes/manifests" "$work/manifests"
ln -s there/manifests "$node/etc/kubernetes/manifests"
ln -s there "$node/etc/kubernetes/there"
expect 8 take
stderr_has 'symbolic links'
backups_are 5
no_leftovers
