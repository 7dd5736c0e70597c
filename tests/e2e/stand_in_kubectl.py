#!/usr/bin/python3
"""A stand-in for kubectl: as much of it as the Ansible role asks for, on files and no cluster.

The folder KUBECTL_STAND_IN is its memory. `asked` gets a line for each call. `objects` holds what
was applied, a line for each: its name, its place, its label and what it is made of. `settings` are
lines NAME=VALUE of a test:

  platform=kubernetes     no OpenShift
  platform=k3s            neither, but k3s or RKE2
  offline=1               nobody answers
  anonymous=1             the API server answers, and does not know who asks
  denied=VERB RESOURCE    a right that is missing
  nodes=none              no node of the control plane
  classes=none|plain      no StorageClass at all, or none that is the default
  claim=CLASS             the claim of the volume is there already, with that class
  monitoring=none         no Prometheus operator
  etcd=none               no pod of etcd
  diff=broken             what differs can't be found out
  job=ok|failed|waiting|unscheduled|running    how a Job goes; failed ends with `status`
  status=N
"""
import json
import os
import sys

MEMORY = os.environ["KUBECTL_STAND_IN"]
LABEL = "app.kubernetes.io/name"
PLURALS = {"networkpolicies": "networkpolicy", "securitycontextconstraints":
           "securitycontextconstraints"}
LOG = ('{"level":"info","message":"backup started"}\n'
       '{"level":"error","message":"the vault is full"}\n')


def read(name):
    path = os.path.join(MEMORY, name)
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as lines:
        return lines.read().splitlines()


SETTINGS = dict(line.partition("=")[::2] for line in read("settings"))


def fail(message, status=1):
    sys.stderr.write(message + "\n")
    sys.exit(status)


def load():
    return {line.split(" ", 1)[0]: json.loads(line.split(" ", 1)[1]) for line in read("objects")}


def store(objects):
    with open(os.path.join(MEMORY, "objects"), "w", encoding="utf-8") as out:
        out.writelines(f"{name} {json.dumps(made)}\n" for name, made in objects.items())


def name_of(document):
    metadata = document["metadata"]
    return f"{metadata.get('namespace', '')}/{document['kind']}/{metadata['name']}"


def given():
    """The documents on standard input, by name."""
    # Most calls have none, and there are many calls.
    import yaml
    documents = {name_of(one): one for one in yaml.safe_load_all(sys.stdin)}
    for name in documents:
        space = name.partition("/")[0]
        if space and space != "openshift-etcd" and f"/Namespace/{space}" not in load():
            fail(f'Error from server (NotFound): namespaces "{space}" not found')
    return documents


def value_after(arguments, flag):
    return arguments[arguments.index(flag) + 1] if flag in arguments else ""


def kind_of(resource):
    word = resource.partition(".")[0]
    return PLURALS.get(word, word[:-1] if word.endswith("s") else word).lower()


def named(arguments):
    """The names of KIND/NAME arguments, as far as they are there."""
    space = value_after(arguments, "-n")
    for argument in arguments:
        resource, slash, name = argument.partition("/")
        if not slash or argument.startswith("-") or "=" in argument:
            continue
        for there in load():
            where, kind, what = there.split("/")
            if kind.lower() == kind_of(resource) and what == name and where in (space, ""):
                yield there


def get_groups():
    groups = ["apps", "batch"]
    if SETTINGS.get("monitoring") != "none":
        groups.append("monitoring.coreos.com")
    if SETTINGS.get("platform") == "k3s":
        groups.append("k3s.cattle.io")
    elif SETTINGS.get("platform") != "kubernetes":
        groups.append("security.openshift.io")
    print(json.dumps({"kind": "APIGroupList", "groups": [{"name": name} for name in groups]}))


def get_etcd_pods(arguments):
    wanted = "kube-system" if SETTINGS.get("platform") == "kubernetes" else "openshift-etcd"
    if SETTINGS.get("etcd") == "none" or value_after(arguments, "-n") != wanted:
        return
    if wanted == "kube-system":
        print("etcd=registry.k8s.io/etcd:3.5.15-0")
    else:
        print("guard=quay.example/guard:1\netcd=quay.example/etcd:2\n"
              "etcdctl=quay.example/release/etcd@sha256:" + "ab" * 32)


def get_classes():
    classes = []
    if SETTINGS.get("classes") != "none":
        default = "false" if SETTINGS.get("classes") == "plain" else "true"
        classes = [{"metadata": {"name": "bare"}},
                   {"metadata": {"name": "standard", "annotations": {
                       "storageclass.kubernetes.io/is-default-class": default}}}]
    print(json.dumps({"items": classes}))


def get_claim(arguments):
    there = f"{value_after(arguments, '-n')}/PersistentVolumeClaim/{arguments[2]}" in load()
    if there or "claim" in SETTINGS:
        print("claim=" + SETTINGS.get("claim", "standard"), end="")


def get_job():
    going = SETTINGS.get("job", "ok")
    if going == "ok":
        print("SuccessCriteriaMet=True\nComplete=True")
    elif going == "failed":
        print("FailureTarget=True\nFailed=True")


def get_job_pods(arguments):
    state = {"terminated": {"exitCode": int(SETTINGS.get("status", "0"))}}
    going = SETTINGS.get("job", "ok")
    if going == "waiting":
        state = {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}}
    scheduled = {"type": "PodScheduled", "status": "True"}
    if going == "unscheduled":
        scheduled = {"type": "PodScheduled", "status": "False", "message": "0/3 nodes fit"}
    name = value_after(arguments, "-l").partition("=")[2] + "-x7k2p"
    status = {"conditions": [scheduled]}
    if going != "unscheduled":
        status["containerStatuses"] = [{"name": "backup", "state": state}]
    print(json.dumps({"items": [{"metadata": {"name": name}, "status": status}]}))


def get_columns(arguments):
    objects = load()
    for name in named(arguments):
        label = objects[name]["metadata"].get("labels", {}).get(LABEL, "<none>")
        print("   ".join(name.split("/")[1:] + [label]))


def get(arguments):
    what = arguments[1]
    if what == "--raw":
        get_groups()
    elif what == "nodes":
        newer = arguments[3] == "node-role.kubernetes.io/control-plane"
        print("" if SETTINGS.get("nodes") == "none" or newer else "node/m1")
    elif what == "pods":
        get_job_pods(arguments) if "--sort-by=.metadata.creationTimestamp" in arguments \
            else get_etcd_pods(arguments)
    elif what == "storageclasses":
        get_classes()
    elif what == "persistentvolumeclaim":
        get_claim(arguments)
    elif what == "namespace":
        if f"/Namespace/{arguments[2]}" in load():
            print(f"namespace/{arguments[2]}")
    elif what == "job":
        get_job()
    else:
        get_columns(arguments)


def can_i(arguments):
    if "anonymous" in SETTINGS:
        fail("error: You must be logged in to the server (Unauthorized)")
    refused = SETTINGS.get("denied") == " ".join(arguments[2:4])
    print("no" if refused else "yes")
    sys.exit(1 if refused else 0)


def difference():
    if SETTINGS.get("diff") == "broken":
        fail("error: the server is ill", 2)
    objects = load()
    changed = [name for name, made in given().items() if objects.get(name) != made]
    for name in changed:
        print(f"+++ {name}")
    sys.exit(1 if changed else 0)


def apply():
    documents = given()
    store({**load(), **documents})
    for name in documents:
        print(f"{name} configured")


def delete(arguments):
    doomed = set(named(arguments))
    store({name: made for name, made in load().items() if name not in doomed})


def logs():
    if SETTINGS.get("job") in ("waiting", "unscheduled"):
        fail("Error from server (BadRequest): container is waiting to start")
    print(LOG, end="")


def main():
    arguments = sys.argv[1:]
    with open(os.path.join(MEMORY, "asked"), "a", encoding="utf-8") as out:
        out.write(" ".join(arguments).replace("\n", " ") + "\n")
    if arguments == ["version", "--client"]:
        return
    if "offline" in SETTINGS:
        fail("The connection to the server localhost:8080 was refused")
    command = arguments[0]
    if command == "get":
        get(arguments)
    elif command == "auth":
        can_i(arguments)
    elif command == "diff":
        difference()
    elif command == "apply":
        apply()
    elif command == "delete":
        delete(arguments)
    elif command == "logs":
        logs()
    elif command != "create":
        fail(f"error: unknown command {command}")


main()
