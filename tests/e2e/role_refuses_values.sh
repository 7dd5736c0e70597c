#!/usr/bin/env bash
# Values that can't be, and options that contradict each other, stop the Ansible role before it asks
# for anything.
source "$(dirname "$0")/role_lib.bash"

# All in one play, each with its rescue: starting Ansible takes longer than all the rest.
/usr/bin/python3 - "$role" >"$work/play.yml" <<'PYTHON'
import json
import sys

SHORT = "etcd_backup_"
wrong = [({SHORT + name: value}, name) for name, value in (
    ("namespace", "a\nkind: Pod"), ("namespace", "A"), ("namespace", "a" * 64), ("username", "a b"),
    ("volume_size", "10"  "GiB"), ("volume_size", "0"), ("volume_size", "-1Gi"),
    ("storage_class", "a/b"), ("pvc_claim", ""), ("schedule", "@daily"), ("schedule", "99 * * * *"),
    ("time_zone", "Local"), ("time_zone", "../x"), ("image", "r.example/X"), ("image", "a b"),
    ("image", "x:1\n"), ("image_pull_secret", "-a"), ("node_binary", "bin/x"),
    ("node_binary", "/usr/../x"), ("keep_daily", "-1"), ("endpoints", ["10.0.0.5"]),
    ("endpoints", ["10.0.0.5.6:2379"]), ("mode", "both"), ("method", "x"), ("settled", "x"),
    ("platform", "x"), ("state", "gone"), ("runbook_base", "a b"), ("alerts", "perhaps"))]
wrong += [({"etcd_cluster_id": value}, "etcd_cluster_id")
          for value in ("", "a/b", "-a", "a" * 101, "a\nb")]
wrong += [({SHORT + name: value for name, value in options.items()}, words)
          for options, words in (
    ({"mode": "network", "image": "x/y", "method": "auto"}, "needs etcd_backup_mode control-plane"),
    ({"mode": "network"}, "network needs etcd_backup_image"),
    ({"mode": "network", "image": "x/y", "node_binary": "/x"}, "etcd_backup_node_binary needs"),
    ({"mode": "network", "image": "x/y", "settled": "ignore"}, "etcd_backup_settled needs"),
    ({"etcd_secret": "a", "etcd_ca_configmap": "b"}, "need etcd_backup_mode network"),
    ({"mode": "network", "image": "x/y", "etcd_secret": "a"}, "go together"),
    ({"runbook_base": "x"}, "needs etcd_backup_alerts"),
    ({"render_dir": "/nonexistent/x", "state": "absent"}, "leave out one of them"),
    ({"render_dir": "/nonexistent/x", "run_now": True}, "needs the CronJob in the cluster"),
    ({"delete_volume": True}, "needs etcd_backup_state absent"))]
tasks = []
for options, words in wrong:
    tasks.append({
        "name": f"Refuse {options}", "vars": options,
        "block": [{"ansible.builtin.include_role": {"name": sys.argv[1]}},
                  {"ansible.builtin.meta": "end_play"}],
        "rescue": [{"ansible.builtin.assert": {
            "that": [f"{json.dumps(words)} in (ansible_failed_result | to_json)"],
            "quiet": True}}]})
tasks.append({"name": "The end", "ansible.builtin.debug": {"msg": f"{len(wrong)} are refused"}})
json.dump([{"name": "All", "hosts": "localhost", "connection": "local", "gather_facts": False,
            "tasks": tasks}], sys.stdout)
PYTHON
PATH=$work/bin:$PATH expect 0 ansible-playbook "$work/play.yml"
says '44 are refused'
[ ! -e "$KUBECTL_STAND_IN/asked" ] || wrong "kubectl was asked: $(cat "$KUBECTL_STAND_IN/asked")"
