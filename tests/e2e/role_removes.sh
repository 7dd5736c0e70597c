#!/usr/bin/env bash
# The Ansible role removes what other options have left, and with state absent all but the volume;
# never what is somebody else's.
source "$(dirname "$0")/role_lib.bash"

sorted() { tr ' ' '\n' <<<"$1" | sed '/^$/d' | sort | tr '\n' ' '; }
space=openshift-cluster-ops
left="$space/ConfigMap/etcd-ca-bundle /Namespace/$space"

# ---- Other options -----------------------------------------------------------------------------

set_cluster
expect_role 0
[[ $(objects) == */SecurityContextConstraints/lifeboat-control-plane* ]] || wrong 'no constraint'
echo "$space/ConfigMap/etcd-ca-bundle {\"metadata\": {}}" >>"$KUBECTL_STAND_IN/objects"
expect_role 0 method=script
[[ $(objects) != *lifeboat-control-plane* ]] || wrong 'what native has needed is still there'
for name in "Role/use-lifeboat-script" "RoleBinding/use-lifeboat-script" "CronJob/etcd-backup"; do
  [[ $(objects) == *"$space/$name "* ]] || wrong "there is no $name"
done
[[ $(objects) == *ConfigMap/etcd-ca-bundle* ]] || wrong 'it took what is not its own'

# ---- Away --------------------------------------------------------------------------------------

expect_role 0 state=absent -- --check
not_asked '^(apply|delete|create) '
[ "$(changes)" -gt 0 ] || wrong 'a check finds nothing to remove'
expect_role 0 state=absent
equal 'the objects' "$(objects)" "$(sorted "$left $space/PersistentVolumeClaim/etcd-backup")"
expect_role 0 state=absent
equal 'what a second removal changes' "$(changes)" 0
expect_role 0 state=absent delete_volume=true
equal 'the objects' "$(objects)" "$(sorted "$left")"

