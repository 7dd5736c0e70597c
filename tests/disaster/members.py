"""A cluster of three members with TLS, which are killed, stopped, replaced and mended."""
import http.client
import json
import shutil
import signal
import subprocess

import gateway
import places

SIZE = 3


class Member:
    def __init__(self, number, folder):
        self.number, self.name = number, f"m{number}"
        self.folder = folder / self.name
        self.log = folder.parent / "logs" / f"{self.name}.log"
        self.port, self.peer_port, self.metrics_port = (places.take_port() for _ in range(3))
        self.peer_url = f"https://127.0.0.1:{self.peer_port}"
        self.process = None

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        if self.is_running():
            self.process.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)
        if self.process:
            self.process.wait()

    def is_healthy(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=1)
            connection.request("GET", "/health")
            return json.loads(connection.getresponse().read()).get("health") == "true"
        except (OSError, ValueError, http.client.HTTPException):
            return False


class Cluster:
    def __init__(self, root, etcd_bin, folder):
        self.etcd = etcd_bin / "etcd"
        self.tls = folder / "tls"
        subprocess.run(["bash", "-c", f'source "{root}/scripts/etcd.sh"; '
                                      f'make_certificates "{self.tls}"'],
                       check=True, stdout=subprocess.DEVNULL)
        self.context = gateway.make_context(self.tls)
        data = folder / "etcd"
        data.mkdir()
        self.members = [Member(number, data) for number in range(1, SIZE + 1)]

    def start_all(self):
        initial = ",".join(f"{member.name}={member.peer_url}" for member in self.members)
        for member in self.members:
            self.start(member, initial, "new")
        self.await_health()

    def start(self, member, initial, state="existing"):
        client = f"https://127.0.0.1:{member.port}"
        certificate = [str(self.tls / "server.crt"), str(self.tls / "server.key")]
        with open(member.log, "ab") as log:
            member.process = subprocess.Popen(
                [str(self.etcd), "--name", member.name, "--data-dir", str(member.folder),
                 "--listen-client-urls", client, "--advertise-client-urls", client,
                 "--listen-peer-urls", member.peer_url,
                 "--initial-advertise-peer-urls", member.peer_url,
                 "--listen-metrics-urls", f"http://127.0.0.1:{member.metrics_port}",
                 "--initial-cluster", initial, "--initial-cluster-state", state,
                 "--initial-cluster-token", "disaster", "--snapshot-count", "1000",
                 "--cert-file", certificate[0], "--key-file", certificate[1],
                 "--trusted-ca-file", str(self.tls / "ca.crt"), "--client-cert-auth",
                 "--peer-cert-file", certificate[0], "--peer-key-file", certificate[1],
                 "--peer-trusted-ca-file", str(self.tls / "ca.crt"), "--peer-client-cert-auth",
                 "--logger", "zap", "--log-outputs", "stderr"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def restart(self, member):
        """One that was killed; what stands in its data directory counts, not the flags."""
        if not member.is_running():
            self.start(member, f"{member.name}={member.peer_url}")

    def ask(self, path, body, but=None):
        """Whoever answers first; not member `but`. Throws Unknown."""
        error = gateway.Unknown("nobody runs")
        for member in self.members:
            if member is but:
                continue
            line = gateway.Gateway(member.port, self.context, timeout=3)
            try:
                return line.ask(path, body)
            except (gateway.NotDone, gateway.Unknown) as failure:
                error = failure
            finally:
                line.close()
        raise gateway.Unknown(str(error))

    def listed(self, but=None):
        """The cluster's own list of its members, by peer URL: (id, name)."""
        answer = self.ask("/v3/cluster/member/list", {}, but)
        return {member["peerURLs"][0]: (member["ID"], member.get("name", ""))
                for member in answer["members"]}

    # ---- Replacement: out of the cluster, and a new one in its place ----

    def replace(self, member):
        """Whether it was done. What is left half done is finished by `mend`."""
        try:
            found = self.listed(member).get(member.peer_url)
            if found:
                self.ask("/v3/cluster/member/remove", {"ID": found[0]}, member)
        except gateway.Unknown:
            return False
        member.kill()
        shutil.rmtree(member.folder, ignore_errors=True)
        return self.add(member)

    def add(self, member):
        try:
            listed = self.listed(member)
            if member.peer_url not in listed:
                self.ask("/v3/cluster/member/add", {"peerURLs": [member.peer_url]}, member)
                listed = self.listed(member)
        except gateway.Unknown:
            return False
        initial = ",".join(f"{each.name}={each.peer_url}" for each in self.members
                           if each.peer_url in listed)
        self.start(member, initial)
        return True

    def mend(self):
        """Everybody runs, is a member, and serves. Throws SystemExit if that can't be had."""
        for member in self.members:
            member.signal(signal.SIGCONT)
            if (member.folder / "member").exists():
                self.restart(member)
        for member in self.members:
            if not places.wait_until(lambda member=member: self.is_mended(member), 120, 0.5):
                raise SystemExit(f"disaster: member {member.number} does not come back")
        self.await_health()

    def is_mended(self, member):
        """Makes one step towards it."""
        try:
            listed = self.listed(but=None if member.is_healthy() else member)
        except gateway.Unknown:
            return False
        if member.peer_url in listed and member.is_running():
            return member.is_healthy()
        if member.peer_url in listed and (member.folder / "member").exists():
            self.restart(member)
        else:
            member.kill()
            shutil.rmtree(member.folder, ignore_errors=True)
            self.add(member)
        return False

    def await_health(self):
        if not places.wait_until(
                lambda: all(member.is_healthy() for member in self.members) and self.agree(), 60):
            raise SystemExit("disaster: the cluster does not become healthy")

    def agree(self):
        """All have applied the same."""
        applied = set()
        for member in self.members:
            line = gateway.Gateway(member.port, self.context, timeout=2)
            try:
                answer = line.ask("/v3/maintenance/status", {})
                applied.add((answer.get("leader"), answer["header"]["revision"],
                             answer.get("raftAppliedIndex")))
            except (gateway.Unknown, gateway.NotDone):
                return False
            finally:
                line.close()
        return len(applied) == 1 and applied.pop()[0] not in (None, "0")
