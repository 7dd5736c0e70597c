#!/usr/bin/env bash
# A Job of etcd_backup_run_now that does not end: the role says why, as far as its pod knows. What a
# backup needs over the network is fetched before.
source "$(dirname "$0")/role_lib.bash"

run_now 2 job=running
says 'has not ended within 2 seconds and goes on.'

run_now 2 job=waiting
says 'Its pod waits: ImagePullBackOff Back-off pulling image.' 'There is no log.'

run_now 2 job=unscheduled
says 'No node takes its pod: 0/3 nodes fit.'

# Over the network the certificate is fetched first.
set_cluster
expect_role 0 run_now=true mode=network image=r.example/lifeboat:1 run_now_interval=1
equal 'the Jobs' "$(sed -n 's/^create job --from=cronjob\/\([^ ]*\) .*/\1/p' \
  "$KUBECTL_STAND_IN/asked" | tr '\n' ' ')" 'etcd-client-copy etcd-backup '
