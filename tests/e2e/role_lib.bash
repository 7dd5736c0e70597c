# shellcheck shell=bash
# What the tests of the Ansible role share: a stand-in for kubectl that remembers what it is asked,
# and what looks at that.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

command -v ansible-playbook >/dev/null || skip 'ansible is not there: scripts/setup --ansible'

role=$root/roles/etcd-backup
# The stand-in's memory.
export KUBECTL_STAND_IN=$work/cluster
mkdir "$work/bin" "$KUBECTL_STAND_IN"
ln -s "$root/tests/e2e/stand_in_kubectl.py" "$work/bin/kubectl"
# What this machine's user has set is no part of a test.
unset "${!ANSIBLE_@}" KUBECONFIG
export ANSIBLE_CONFIG=$work/ansible.cfg ANSIBLE_NOCOWS=1 ANSIBLE_NOCOLOR=1
export ANSIBLE_HOME=$work/ansible
: >"$ANSIBLE_CONFIG"
export ANSIBLE_PIPELINING=True ANSIBLE_GATHERING=explicit
export ANSIBLE_LOCALHOST_WARNING=False ANSIBLE_LOCAL_TEMP=$work/ansible/tmp LC_ALL=C.UTF-8

# What Ansible stumbled over stands at the end of what it says.
wrong() {
  say "FAILED: $*"
  say "--- output:" && tail -c 4000 "$work/out"
  say "--- asked:" && tail -n 20 "$KUBECTL_STAND_IN/asked"
  exit 1
}

# expect_role CODE [NAME=VALUE...] [-- FLAGS...]: runs the role from the repository's root. The
# names lack etcd_backup_; values are JSON, or text.
expect_role() {
  local want=$1 options=()
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    options+=(-e "etcd_backup_$1")
    shift
  done
  [ $# -eq 0 ] || shift
  : >"$KUBECTL_STAND_IN/asked"
  cd "$root" || exit
  # Whatever it says it says on standard output.
  PATH=$work/bin:$PATH expect "$want" ansible-playbook roles/etcd-backup/apply/main.yml \
    "${options[@]}" "$@"
}

# set_cluster NAME=VALUE...: how the cluster is; see stand_in_kubectl.py.
set_cluster() {
  rm -rf "$KUBECTL_STAND_IN"
  mkdir "$KUBECTL_STAND_IN"
  printf '%s\n' "$@" >"$KUBECTL_STAND_IN/settings"
}

# What the recap counts.
changes() { sed -n 's/^localhost .* changed=\([0-9]*\) .*/\1/p' "$work/out"; }

# asked REGEX...: the stand-in was asked that, and not_asked: it was not.
asked() {
  local text
  for text; do
    grep -qE -- "$text" "$KUBECTL_STAND_IN/asked" || wrong "kubectl was not asked: $text"
  done
}
not_asked() {
  local text
  for text; do
    ! grep -E -- "$text" "$KUBECTL_STAND_IN/asked" || wrong "kubectl was asked: $text"
  done
}

# The words of a failure, whose lines Ansible breaks and escapes as it likes.
says() {
  local text
  for text; do
    tr -s ' \n' ' ' <"$work/out" | grep -qF -- "$text" || wrong "it does not say: $text"
  done
}

# Names of all objects of the cluster.
objects() { cut -d ' ' -f 1 "$KUBECTL_STAND_IN/objects" 2>/dev/null | sort | tr '\n' ' '; }

# refused SETTINGS WORDS [NAME=VALUE...]: with a cluster like that, the role says so.
refused() {
  local words=$2
  set_cluster ${1:+"$1"}
  shift 2
  expect_role 2 "$@"
  says "$words"
  not_asked '^(apply|delete|create) '
}

# run_now CODE SETTINGS...: with a cluster where a Job goes like that.
run_now() {
  local want=$1 kept
  shift
  kept=$(cat "$KUBECTL_STAND_IN/objects" 2>/dev/null || true)
  set_cluster "$@"
  # What is there already need not be applied again.
  [ -z "$kept" ] || echo "$kept" >"$KUBECTL_STAND_IN/objects"
  expect_role "$want" run_now=true run_now_interval=1 run_now_timeout=2
}
