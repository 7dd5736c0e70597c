#!/usr/bin/env bash
# The Ansible role brings the backups to a cluster, and changes nothing when nothing is new.
source "$(dirname "$0")/role_lib.bash"

# ---- A check of an empty cluster ---------------------------------------------------------------

set_cluster
expect_role 0 -- --check --diff
says 'CronJob/etcd-backup in openshift-cluster-ops' '+++ /Namespace/openshift-cluster-ops'
not_asked '^(apply|delete|create) '
equal 'the objects' "$(objects)" ''
[ "$(changes)" -gt 0 ] || wrong 'a check of an empty cluster finds nothing to do'

# ---- The first run, and the second -------------------------------------------------------------

expect_role 0
space=openshift-cluster-ops
native="$space/Role/use-lifeboat-control-plane $space/RoleBinding/use-lifeboat-control-plane"
rest="$space/ServiceAccount/etcd-backup-user /Namespace/$space "
made="/SecurityContextConstraints/lifeboat-control-plane $space/ConfigMap/etcd-backup"
made+=" $space/CronJob/etcd-backup $space/NetworkPolicy/etcd-backup"
made+=" $space/PersistentVolumeClaim/etcd-backup $native $rest"
sorted() { tr ' ' '\n' <<<"$1" | sed '/^$/d' | sort | tr '\n' ' '; }
equal 'the objects' "$(objects)" "$(sorted "$made")"
# The cluster's own image of etcd, and the program from the node.
grep -q '"quay.example/release/etcd@sha256:' "$KUBECTL_STAND_IN/objects" || wrong 'not the image'
grep -q '"path": "/usr/local/bin/lifeboat"' "$KUBECTL_STAND_IN/objects" || wrong 'not the program'

expect_role 0
equal 'what a second run changes' "$(changes)" 0
not_asked '^(apply|delete|create) '

# ---- With oc, on plain Kubernetes --------------------------------------------------------------

set_cluster platform=kubernetes
mv "$work/bin/kubectl" "$work/bin/oc"
expect_role 0 kubectl="$work/bin/oc" alerts=true
mv "$work/bin/oc" "$work/bin/kubectl"
grep -q '"registry.k8s.io/etcd:3.5.15-0"' "$KUBECTL_STAND_IN/objects" || wrong 'not the image'
[[ $(objects) != *SecurityContextConstraints* ]] || wrong 'a constraint, on Kubernetes'
[[ $(objects) == *PrometheusRule/etcd-backup* ]] || wrong 'no alerts'
asked '^get pods .*-n kube-system -l component=etcd'
