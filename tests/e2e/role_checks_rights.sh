#!/usr/bin/env bash
# The Ansible role first checks that it gets through to the cluster, and with rights enough: it says
# what is missing and has changed nothing.
source "$(dirname "$0")/role_lib.bash"

refused '' 'There is no /nonexistent/kubectl that runs on localhost' kubectl=/nonexistent/kubectl
refused offline=1 'gets no answer from a cluster. Log in first'
says 'The connection to the server localhost:8080 was refused'
refused anonymous=1 'can not ask for rights: log in first'
refused 'denied=create cronjobs.batch' \
  'These rights are missing: create cronjobs.batch in openshift-cluster-ops. Log in as'
refused 'denied=delete configmaps' 'missing: delete configmaps in openshift-cluster-ops' \
  state=absent
refused 'denied=create jobs.batch' 'missing: create jobs.batch in' run_now=true

# A comparison that fails is no reason to apply.
set_cluster diff=broken
expect_role 2
says 'the server is ill'
not_asked '^apply '
