#!/usr/bin/env bash
# etcd_backup_run_now starts a Job from the CronJob and says how it ended.
source "$(dirname "$0")/role_lib.bash"

run_now 0 job=ok
says 'etcd-backup-now-' 'has succeeded'
asked '^create job --from=cronjob/etcd-backup etcd-backup-now-[0-9]{14} -n openshift-cluster-ops$'

run_now 2 job=failed status=5
says 'has failed, with exit status 5.' 'The last lines of its log' 'the vault is full'
asked '^logs -n openshift-cluster-ops etcd-backup-now-[0-9]{14}-x7k2p --tail=20$'

run_now 2 job=failed status=8
says 'A backup was taken, and something needs attention (exit status 8'

# A check starts nothing.
set_cluster
expect_role 0 run_now=true -- --check
not_asked '^create '
