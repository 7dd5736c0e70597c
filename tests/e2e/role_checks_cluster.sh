#!/usr/bin/env bash
# The Ansible role first checks that the cluster has what the backups need: it says what is missing
# and has changed nothing.
source "$(dirname "$0")/role_lib.bash"

refused nodes=none 'No node has the label node-role.kubernetes.io/control-plane'
refused classes=plain 'There is no default StorageClass'
says 'There are: bare, standard.'
refused classes=none 'There are: none.'
refused '' 'There is no StorageClass fast.' storage_class=fast
refused claim=slow "with the class slow, and a claim's class can't be changed to fast" \
  storage_class=fast
refused etcd=none 'No pod of etcd is to be found, so its image is not known. Set etcd_backup_image'
refused monitoring=none 'this cluster has no PrometheusRule' alerts=true
refused platform=kubernetes 'etcd_backup_platform is openshift, and this cluster is none' \
  platform=openshift
refused platform=k3s 'say which of the two in etcd_backup_platform'
refused platform=kubernetes "it is about OpenShift's operators" settled=require

# With a named image the role does not look for etcd's, and a claim that is there needs no default.
set_cluster etcd=none claim=slow classes=none
expect_role 0 image=r.example/lifeboat:1 -- --check
not_asked '^get pods'
