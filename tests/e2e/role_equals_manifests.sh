#!/usr/bin/env bash
# The Ansible role writes the same manifests as the program does for the same options, and needs
# neither a cluster nor the program for it.
source "$(dirname "$0")/role_lib.bash"

# What both are asked for, a line each: options of the role, then flags of the program.
combinations() {
  local platform mode rest rich richly
  rich='image=localhost:5000/a/b:1 alerts=true runbook_base=https://docs.example/x'
  rich+=' time_zone=Europe/Berlin keep_last=3 image_pull_secret=pull namespace=default'
  rich+=' username=null pvc_claim=other cluster=no volume_size=500Mi'
  rich+=' endpoints=https://10.0.0.5:2379,https://[fd00::5]:2379,etcd.example:2380'
  richly='--image localhost:5000/a/b:1 --alerts --runbook-base https://docs.example/x'
  richly+=' --time-zone Europe/Berlin --keep-last 3 --image-pull-secret pull --namespace default'
  richly+=' --service-account null --volume-claim other --cluster no --volume-size 500Mi'
  richly+=' --endpoints https://10.0.0.5:2379,https://[fd00::5]:2379,etcd.example:2380'
  for platform in openshift kubernetes; do
    for mode in 'control-plane native' 'control-plane auto' 'control-plane script'; do
      echo "platform=$platform mode=${mode% *} method=${mode#* } image=r.example/etcd:3" \
        'alerts=true keep_daily=7 keep_yearly=1 storage_class=fast node_binary=/opt/lifeboat |' \
        "--platform $platform --mode ${mode% *} --method ${mode#* } --image r.example/etcd:3" \
        '--node-binary /opt/lifeboat --alerts --keep-daily 7 --keep-yearly 1 --storage-class fast'
    done
    echo "platform=$platform $rich | --platform $platform $richly"
    echo "platform=$platform mode=network $rich | --platform $platform --mode network $richly"
    echo "platform=$platform mode=network image=x/y:2 alerts=1 |" \
      "--platform $platform --mode network --image x/y:2 --alerts"
  done
  for platform in k3s rke2; do
    echo "platform=$platform image=x/y | --platform $platform --image x/y"
    echo "platform=$platform mode=network image=x/y | --platform $platform --mode network --image x/y"
  done
  echo 'mode=network image=x/y etcd_secret=mine etcd_ca_configmap=my-ca |' \
    '--mode network --image x/y --etcd-secret mine --etcd-ca-configmap my-ca'
  echo 'settled=ignore image=x/y keep_last=0 keep_hourly=24 cluster=1e3 |' \
    '--settled ignore --image x/y --keep-last 0 --keep-hourly 24 --cluster 1e3'
  echo 'platform=openshift mode=network image=x/y copy_image=r.example/cli:1 |' \
    '--mode network --image x/y --copy-image r.example/cli:1'
}

# One play with a host for each of them, which are all this machine: the role is started and read
# once, and its tasks run beside each other.
mkdir "$work/role" "$work/program"
combinations >"$work/combinations"
/usr/bin/python3 - "$work" "$role" <<'PYTHON'
import json
import shlex
import sys

work, role = sys.argv[1:]
hosts = {}
with open(f"{work}/combinations", encoding="utf-8") as lines:
    for number, line in enumerate(lines, 1):
        options = {"etcd_backup_render_dir": f"{work}/role/{number}"}
        for word in shlex.split(line.partition("|")[0]):
            name, _, value = word.partition("=")
            options["etcd_cluster_id" if name == "cluster" else f"etcd_backup_{name}"] = (
                value.split(",") if name == "endpoints" else value)
        hosts[f"combination-{number}"] = options
everywhere = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
play = {"name": "All", "hosts": "all", "gather_facts": False, "tasks": [
    {"name": "Combination", "ansible.builtin.include_role": {"name": role}}]}
for name, document in (("inventory.json", {"all": {"hosts": hosts, "vars": everywhere}}),
                       ("play.yml", [play])):
    with open(f"{work}/{name}", "w", encoding="utf-8") as out:
        json.dump(document, out)
PYTHON
# Nothing of a cluster, and no lifeboat, is to be had.
ln -s "$(type -P python3)" "$work/bin/python3"
PATH=$work/bin:/usr/bin:/bin expect 0 env KUBECONFIG=/nonexistent \
  ansible-playbook --inventory "$work/inventory.json" --forks "$(nproc)" "$work/play.yml"

[ ! -e "$KUBECTL_STAND_IN/asked" ] || wrong "kubectl was asked: $(cat "$KUBECTL_STAND_IN/asked")"

count=0
while read -r line; do
  count=$((count + 1))
  read -r -a flags <<<"${line#*|}"
  "$LIFEBOAT" manifests --cluster demo --namespace openshift-cluster-ops --volume-size 10Gi \
    --service-account etcd-backup-user --render-dir "$work/program/$count" "${flags[@]}" ||
    wrong "the program refuses ${flags[*]}"
done <"$work/combinations"
equal 'the combinations' "$count" 19

/usr/bin/python3 - "$work/role" "$work/program" <<'PYTHON' || wrong 'they differ'
import os
import sys
import yaml

def read(folder):
    files = {}
    for name in os.listdir(folder):
        with open(f"{folder}/{name}", encoding="utf-8") as stream:
            files[name] = list(yaml.safe_load_all(stream))
    return files

def differences(ours, theirs, path):
    if type(ours) is not type(theirs):
        return [f"{path}: {ours!r} and {theirs!r}"]
    if isinstance(ours, dict):
        return [text for key in sorted({*ours, *theirs})
                for text in differences(ours.get(key), theirs.get(key), f"{path}/{key}")]
    if isinstance(ours, list) and len(ours) == len(theirs):
        return [text for i, pair in enumerate(zip(ours, theirs))
                for text in differences(*pair, f"{path}/{i}")]
    return [] if ours == theirs else [f"{path}: {ours!r} and {theirs!r}"]

found = [text for number in sorted(os.listdir(sys.argv[1]), key=int)
         for text in differences(read(f"{sys.argv[1]}/{number}"), read(f"{sys.argv[2]}/{number}"),
                                 number)]
print("\n".join(found[:40]))
sys.exit(1 if found else 0)
PYTHON
say "$count combinations are the same"

validate=$root/../shared/conformance/kube/validate-manifests
[ ! -x "$validate" ] || "$validate" "$work/role" || wrong 'the manifests are not valid'

# ---- The time between two runs, which the alerts are made with ---------------------------------

for schedule in '0 */6 * * *' '*/5 * * * *' '0 0 29 2 *' '0 0 1,15 * fri' '0 8-18/2 * * *' \
  '7 3 31 jan *' '5/20 ? * 1-6 SUN' '0 0 * * 1-5' '30 2 */2 * mon'; do
  "$LIFEBOAT" manifests --cluster demo --image x/y --alerts --schedule "$schedule" -o json |
    jq -r '.items[] | select(.kind == "PrometheusRule").spec.groups[0].rules[0].expr' |
    sed -n "s|^> |$schedule=|p"
done >"$work/schedules"
PYTHONPATH=$role/filter_plugins PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 - "$work/schedules" \
  <<'PYTHON' || wrong 'the schedules differ'
import sys
import etcd_backup
from ansible.errors import AnsibleFilterError

with open(sys.argv[1], encoding="utf-8") as lines:
    known = [line.rstrip().rpartition("=") for line in lines]
assert len(known) == 9, known
for schedule, _, seconds in known:
    assert 2 * etcd_backup.longest_pause(schedule) == int(seconds), (schedule, seconds)
for bad in ("", "@daily", "* * * *", "60 * * * *", "* * 31 2 *", "*/0 * * * *", "5-1 * * * *",
            "* * * * * *", "* * * * 7", "a * * * *", "* * 0 * *", "1\t* * * * *"):
    try:
        sys.exit(f"{bad!r} is taken: {etcd_backup.longest_pause(bad)}")
    except AnsibleFilterError:
        pass
PYTHON
