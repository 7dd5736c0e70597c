"""What a document takes for granted: three nodes with an etcd, and a vault with a backup of it."""
import base64
import shutil
import subprocess

from machine import ADDRESSES, BUCKET_NAME
from node import ETCD, EXPORTED, Node

KUBERNETES = "/etc/kubernetes"
STATIC_PODS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
ENDPOINTS = ",".join(f"https://{address}:2379" for address in ADDRESSES)

# For a document, or a section of it by its number: which kind of cluster, which nodes have lost
# etcd and its data, and what was done before. Blocks that follow each other and have the same here
# share a world, so that one can build on what another did.
OTHERWISE = ("kubeadm", (), "")
WORLDS = {
    "docs/OPENSHIFT.md": ("openshift", (), ""),
    "docs/KUBERNETES.md": ("kubeadm", (), "lifeboat keygen --key-file prod.key"),
    # No member is added to a cluster that has not been whole for five seconds.
    "docs/RECOVERY.md 1.": ("kubeadm", (2,), "sleep 5"),
    "docs/RECOVERY.md 2.": ("plain", (1, 2), ""),
    "docs/RECOVERY.md 3.": ("openshift", (), ""),
    "docs/RECOVERY.md 5.": ("plain", (), ""),
    "docs/RECOVERY.md 6.": ("plain", (), ""),
}


def world_of(block):
    for name in (f"{block.document} {block.section[:2]}", block.document):
        if name in WORLDS:
            return WORLDS[name]
    return OTHERWISE


class World:
    def __init__(self, machine, folder, kind, lost, before, exported):
        self.machine, self.kind = machine, kind
        vault = folder / "vault"
        vault.mkdir(parents=True)
        self.nodes = []
        try:
            for number, address in enumerate(ADDRESSES):
                self.nodes.append(Node(folder / f"node{number}", machine.layer, machine.root, vault,
                                       address))
                self.furnish(number, self.nodes[-1])
            self.start(before)
            for node in self.nodes:
                node.write(EXPORTED, exported)
            for number in lost:
                self.nodes[number].kill_etcd()
        except Exception:
            self.close()
            raise

    def close(self):
        for node in self.nodes:
            node.close()

    def exported(self):
        """What the shell has exported, for the next world of the same document."""
        return self.nodes[0].path(EXPORTED).read_text(encoding="utf-8")

    def name(self, number):
        """Of a member, as the documents call it."""
        return f"m{number + 1}" if self.kind == "plain" else f"cp-{number}"

    # ---- Nodes ----

    def furnish(self, number, node):
        tls = self.machine.tls
        for name in ("ca.crt", "client.crt", "client.key"):
            shutil.copy(tls / name, node.path("/srv/lifeboat"))
        shutil.copytree(tls, node.path("/etc/etcd"))
        for path in node.path("/etc/etcd").iterdir():
            path.chmod(0o644)
        data = node.path("/var/lib/etcd")
        data.chmod(0o700)
        if self.kind == "kubeadm":
            self.furnish_kubeadm(number, node)
        elif self.kind == "openshift":
            self.furnish_openshift(node)
        else:
            shutil.chown(data, ETCD, ETCD)
        if number == 0:
            shutil.copy(node.path("/usr/local/bin/lifeboat"), node.path("/srv/lifeboat"))

    def furnish_kubeadm(self, number, node):
        tls, pki = self.machine.tls, node.path(f"{KUBERNETES}/pki/etcd")
        pki.mkdir(parents=True)
        for source, target in (("ca.crt", "ca.crt"), ("client.crt", "healthcheck-client.crt"),
                               ("client.key", "healthcheck-client.key")):
            shutil.copy(tls / source, pki / target)
        for pod in STATIC_PODS:
            node.write(f"{KUBERNETES}/manifests/{pod}.yaml", f"# {pod}\n")
        flags = "".join(f"    - {word}\n" for word in self.etcd_command(number))
        node.write(f"{KUBERNETES}/manifests/etcd.yaml",
                   "apiVersion: v1\nkind: Pod\nmetadata:\n  name: etcd\n  namespace: kube-system\n"
                   f"spec:\n  containers:\n  - name: etcd\n    command:\n{flags}")

    def furnish_openshift(self, node):
        tls, in_pod = self.machine.tls, f"{KUBERNETES}/static-pod-certs"
        resources = f"{KUBERNETES}/static-pod-resources"
        files = {"CACERT": ("configmaps/etcd-all-bundles/server-ca-bundle.crt", "ca.crt"),
                 "CERT": ("secrets/etcd-all-certs/etcd-peer-cp-0.example.com.crt", "client.crt"),
                 "KEY": ("secrets/etcd-all-certs/etcd-peer-cp-0.example.com.key", "client.key")}
        settings = f'export ETCDCTL_ENDPOINTS="{ENDPOINTS}"\n'
        for variable, (name, source) in files.items():
            node.write(f"{resources}/etcd-certs/{name}", (tls / source).read_text())
            settings += f'export ETCDCTL_{variable}="{in_pod}/{name}"\n'
        node.write(f"{resources}/etcd-certs/configmaps/etcd-scripts/etcd.env", settings)
        for pod in STATIC_PODS:
            node.write(f"{resources}/{pod}-pod-7/{pod}-pod.yaml", f"# {pod}\n")
            node.write(f"{KUBERNETES}/manifests/{pod}-pod.yaml",
                       f"    path: {resources}/{pod}-pod-7\n")
        kubeconfigs = f"{resources}/kube-apiserver-certs/secrets/node-kubeconfigs"
        node.write(f"{kubeconfigs}/localhost.kubeconfig", self.kubeconfig())
        node.write("/var/lib/etcd/revision.json", '{"clusterId":1,"raftIndex":{"a":1}}\n')

    def kubeconfig(self):
        encoded = {name: base64.b64encode((self.machine.tls / name).read_bytes()).decode()
                   for name in ("ca.crt", "client.crt", "client.key")}
        return f"""apiVersion: v1
kind: Config
current-context: system:admin
clusters:
- name: localhost
  cluster: {{certificate-authority-data: {encoded["ca.crt"]}, server: "{self.machine.api}"}}
contexts:
- name: system:admin
  context: {{cluster: localhost, user: system:admin}}
users:
- name: system:admin
  user:
    client-certificate-data: {encoded["client.crt"]}
    client-key-data: {encoded["client.key"]}
"""

    # ---- etcd ----

    def etcd_command(self, number):
        address, tls = ADDRESSES[number], "/etc/etcd"
        # The nodes share one loopback, so that only one can be reached at 127.0.0.1.
        at_home = ",https://127.0.0.1:2379" if number == 0 else ""
        trusted = f"{KUBERNETES}/pki/etcd" if self.kind == "kubeadm" else tls
        members = ",".join(f"{self.name(other)}=https://{ADDRESSES[other]}:2380"
                           for other in range(len(ADDRESSES)))
        return ["etcd", f"--name={self.name(number)}", "--data-dir=/var/lib/etcd",
                f"--listen-client-urls=https://{address}:2379{at_home}",
                f"--advertise-client-urls=https://{address}:2379",
                f"--listen-peer-urls=https://{address}:2380",
                f"--initial-advertise-peer-urls=https://{address}:2380",
                f"--initial-cluster={members}", f"--trusted-ca-file={trusted}/ca.crt",
                f"--cert-file={tls}/server.crt", f"--key-file={tls}/server.key",
                f"--peer-trusted-ca-file={tls}/ca.crt", f"--peer-cert-file={tls}/server.crt",
                f"--peer-key-file={tls}/server.key", "--client-cert-auth=true",
                "--peer-client-cert-auth=true", "--logger=zap", "--log-outputs=stderr"]

    def start(self, before):
        for number, node in enumerate(self.nodes):
            node.start(self.etcd_command(number), self.kind == "plain")
        for node in self.nodes:
            node.wait_until_ready()
        tls = self.machine.tls
        subprocess.run([self.machine.root / "scripts/fill-etcd", "--count", "200", "--endpoint",
                        f"https://{ADDRESSES[0]}:2379", "--cacert", tls / "ca.crt", "--cert",
                        tls / "client.crt", "--key", tls / "client.key"],
                       check=True, stdout=subprocess.DEVNULL)
        source = "--host-root /" if self.kind != "plain" else (
            f"--endpoints {ENDPOINTS} --cacert ca.crt --cert client.crt --key client.key")
        first = self.nodes[0]
        first.run(f"lifeboat backup --vault /backups --cluster prod {source}\n"
                  f"cp /backups/prod/backups/*/snapshot_*.db any-snapshot.db\n{before}")
        self.backup = next(first.path("/backups/prod/backups").iterdir()).name

    # ---- Commands ----

    def environment(self, block):
        """BUCKETS.md says how a bucket is reached; this one refers to it."""
        if block.document != "docs/ENCRYPTION.md":
            return {}
        return {"AWS_ACCESS_KEY_ID": "KEY", "AWS_SECRET_ACCESS_KEY": "secret",
                "LIFEBOAT_S3_ENDPOINT": f"https://{BUCKET_NAME}",
                "LIFEBOAT_S3_CACERT": "/etc/lifeboat/minio-ca.crt"}

    def filled_in(self, script, number):
        """With what a reader puts in the place of the documents' examples."""
        for example, own in (
                ("2026-11-21_060000", self.backup),
                ("REGISTRY/", "registry.example/"),
                ("BUCKET/PREFIX", "etcd-backups/prod"),
                ("age1...", "$(grep -o 'age1[a-z0-9]*' prod.key)"),
                ("AWS_ACCESS_KEY_ID=...", "AWS_ACCESS_KEY_ID=KEY"),
                ("AWS_SECRET_ACCESS_KEY=...", "AWS_SECRET_ACCESS_KEY=secret"),
                ("MEMBER_ID", f"$(etcdctl member list | grep {ADDRESSES[2]} | cut -d , -f 1)"),
                ("add NAME", f"add {self.name(2)}"),
                (f"--name {self.name(0)}", f"--name {self.name(number)}")):
            script = script.replace(example, own)
        return script

    def run(self, block):
        """What comes out of a block: exit status and output, of each node that it is run on."""
        numbers = {"this": (0,), "other": (1, 2), "every": (0, 1, 2)}[block.audience()]
        script = "\n".join(block.to_run())
        # At the same time: members wait for each other.
        runs = [self.nodes[number].begin(self.filled_in(script, number), self.environment(block))
                for number in numbers]
        outputs = [process.communicate()[0] for process in runs]
        return [(process.returncode, output) for process, output in zip(runs, outputs)]
