#!/usr/bin/python3
"""What a kubelet and its container runtime make of a pod, as a bundle for crun.

usage: make_bundle.py IMAGE.tar MANIFEST.yaml BUNDLE [--volume NAME=FOLDER ...]
                      [--as UID:GID:FSGROUP] [--args ARGUMENT ...]

The pod is that of the CronJob etcd-backup. Each of its volumes needs a folder of this machine, but
for ConfigMaps that the manifest has. --as is what an admission plugin would fill in (OpenShift
gives each namespace user ids of its own), --args takes the place of the container's own arguments.

Security settings that a pod leaves out get the runtime's defaults, which are generous. Network and
cgroups are those of the caller; so there are no limits.
"""
import argparse
import gzip
import hashlib
import io
import json
import pathlib
import platform
import tarfile

import yaml

# What container runtimes give a process that does not say otherwise.
DEFAULT_CAPABILITIES = [
    "CAP_" + name for name in
    ("AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP "
     "SETGID SETPCAP SETUID SYS_CHROOT").split()]
DEFAULT_SECCOMP = pathlib.Path("/usr/share/containers/seccomp.json")
MASKED = ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
          "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"]
READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
FILE_SYSTEMS = [
    ("/proc", "proc", []),
    ("/dev", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
    ("/dev/pts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]),
    ("/dev/shm", "tmpfs", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
    ("/dev/mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
    ("/sys", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
]
# Fields of a pod that mean something on this machine, as the downward API names them.
FIELDS = {"spec.nodeName": "cp-0", "status.hostIP": "127.0.0.1", "metadata.namespace": "lifeboat",
          "metadata.name": "lifeboat-1-abcde"}


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("image")
    parser.add_argument("manifest")
    parser.add_argument("bundle", type=pathlib.Path)
    parser.add_argument("--volume", action="append", default=[])
    parser.add_argument("--as", dest="admitted")
    parser.add_argument("--args", nargs=argparse.REMAINDER)
    return parser.parse_args()


def unpack(archive, rootfs):
    """Unpacks the layers, every blob compared with its digest; returns the image's settings."""
    with tarfile.open(archive) as tar:
        def blob(descriptor):
            content = tar.extractfile("blobs/" + descriptor["digest"].replace(":", "/")).read()
            if "sha256:" + hashlib.sha256(content).hexdigest() != descriptor["digest"]:
                raise SystemExit("a blob is not what its name says: " + descriptor["digest"])
            return content

        index = json.load(tar.extractfile("index.json"))
        manifest = json.loads(blob(index["manifests"][0]))
        for layer in manifest["layers"]:
            content = io.BytesIO(gzip.decompress(blob(layer)))
            with tarfile.open(fileobj=content) as files:
                files.extractall(rootfs, numeric_owner=True)
        return json.loads(blob(manifest["config"]))["config"]


def find_object(path, kind, name):
    for document in yaml.safe_load_all(pathlib.Path(path).read_text()):
        if document and (document["kind"], document["metadata"]["name"]) == (kind, name):
            return document
    raise SystemExit("there is no %s %s in %s" % (kind, name, path))


def find_volumes(options, pod):
    """A folder of this machine for each of the pod's volumes; ConfigMaps are written here."""
    folders = dict(text.split("=", 1) for text in options.volume)
    for volume in pod["volumes"]:
        name = volume["name"]
        if "configMap" in volume and name not in folders:
            folder = options.bundle / "volumes" / name
            folder.mkdir(parents=True)
            content = find_object(options.manifest, "ConfigMap", volume["configMap"]["name"])
            for file, text in content["data"].items():
                (folder / file).write_text(text)
            folders[name] = str(folder)
    return folders


def find_group(rootfs, uid):
    """The user's own group, as the image knows it; root's for a user that it does not know."""
    for line in (rootfs / "etc/passwd").read_text().splitlines():
        fields = line.split(":")
        if int(fields[2]) == uid:
            return int(fields[3])
    return 0


def make_user(rootfs, image, security):
    uid = security.get("runAsUser", int(image["User"].split(":")[0]))
    if security.get("runAsNonRoot") and uid == 0:
        raise SystemExit("runAsNonRoot, but the user is root")
    groups = list(security.get("supplementalGroups", []))
    if "fsGroup" in security:
        groups.append(security["fsGroup"])
    return {"uid": uid, "gid": security.get("runAsGroup", find_group(rootfs, uid)),
            "additionalGids": groups}


def make_capabilities(security, user):
    wanted = security.get("capabilities", {})
    dropped = wanted.get("drop", [])
    kept = [] if "ALL" in dropped else [
        name for name in DEFAULT_CAPABILITIES if name[4:] not in dropped]
    kept += ["CAP_" + name for name in wanted.get("add", [])]
    # The kernel gives a user other than root none of them when it starts the program.
    held = kept if user["uid"] == 0 else []
    return {"bounding": kept, "permitted": held, "effective": held, "inheritable": [],
            "ambient": []}


def applies(rule, capabilities, architecture):
    included, excluded = rule.get("includes", {}), rule.get("excludes", {})
    return (set(included.get("caps", [])) <= set(capabilities)
            and architecture in included.get("arches", [architecture])
            and not set(excluded.get("caps", [])) & set(capabilities))


def make_seccomp(security, capabilities):
    if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        return None
    profile = json.loads(DEFAULT_SECCOMP.read_text())
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    rules = []
    for rule in profile["syscalls"]:
        if applies(rule, capabilities, architecture):
            rules.append({key: rule[key] for key in ("names", "action", "args", "errnoRet")
                          if rule.get(key)})
    return {"defaultAction": profile["defaultAction"],
            "defaultErrnoRet": profile["defaultErrnoRet"], "syscalls": rules}


def make_mounts(container, folders):
    mounts = [{"destination": path, "type": kind, "source": kind, "options": options}
              for path, kind, options in FILE_SYSTEMS]
    for mount in container.get("volumeMounts", []):
        source = folders[mount["name"]] + "/" + mount.get("subPath", "")
        mounts.append({"destination": mount["mountPath"], "type": "bind", "source": source,
                       "options": ["rbind", "rprivate", "ro" if mount.get("readOnly") else "rw"]})
    return mounts


def make_environment(container, image):
    environment = list(image.get("Env", []))
    for entry in container.get("env", []):
        value = entry.get("value")
        if value is None:
            value = FIELDS[entry["valueFrom"]["fieldRef"]["fieldPath"]]
        environment.append(entry["name"] + "=" + value)
    return environment


def make_config(options, image, rootfs):
    job = find_object(options.manifest, "CronJob", "etcd-backup")["spec"]["jobTemplate"]
    pod = job["spec"]["template"]["spec"]
    container = pod["containers"][0]
    # The container's settings go before the pod's.
    security = {**pod.get("securityContext", {}), **container.get("securityContext", {})}
    if options.admitted:
        uid, gid, group = map(int, options.admitted.split(":"))
        security.update(runAsUser=uid, runAsGroup=gid, fsGroup=group)
    # More than any pod should get here is not imitated.
    if security.get("privileged") or pod.get("hostPID") or pod.get("hostIPC"):
        raise SystemExit("the pod asks for the host's own rights")
    user = make_user(rootfs, image, security)
    capabilities = make_capabilities(security, user)
    own = container.get("args", image.get("Cmd", []))
    config = {
        "ociVersion": "1.0.0",
        "process": {
            "terminal": False, "user": user, "cwd": container.get("workingDir", "/"),
            "args": container.get("command", image["Entrypoint"]) +
                    (own if options.args is None else options.args),
            "env": make_environment(container, image), "capabilities": capabilities,
            "noNewPrivileges": not security.get("allowPrivilegeEscalation", True)},
        "root": {"path": "rootfs", "readonly": security.get("readOnlyRootFilesystem", False)},
        "mounts": make_mounts(container, find_volumes(options, pod)),
        "linux": {
            "namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount")],
            "maskedPaths": MASKED, "readonlyPaths": READ_ONLY}}
    seccomp = make_seccomp(security, capabilities["bounding"])
    if seccomp:
        config["linux"]["seccomp"] = seccomp
    return config


def main():
    options = arguments()
    rootfs = options.bundle / "rootfs"
    rootfs.mkdir(parents=True)
    config = make_config(options, unpack(options.image, rootfs), rootfs)
    (options.bundle / "config.json").write_text(json.dumps(config, indent=1) + "\n")


if __name__ == "__main__":
    main()
