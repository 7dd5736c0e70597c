"""The stand-in for a bucket, tests/e2e/s3_server.py: its faults, and what lies in it."""
import http.client
import subprocess

import places

PREFIX = "etcd/"


class Bucket:
    url = "s3://bucket/etcd"

    def __init__(self, root, folder):
        port_file = folder / "bucket-port"
        log = open(folder / "logs" / "bucket.log", "wb")
        self.process = subprocess.Popen(
            [str(root / "tests" / "e2e" / "s3_server.py"), str(port_file)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if not places.wait_until(port_file.exists, 20):
            raise SystemExit("disaster: the bucket does not start")
        self.port = int(port_file.read_text())
        self.ahead = 0

    def environment(self):
        return {"AWS_ACCESS_KEY_ID": "KEY", "AWS_SECRET_ACCESS_KEY": "secret",
                "LIFEBOAT_S3_ENDPOINT": f"http://127.0.0.1:{self.port}"}

    def ask(self, what, text=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET" if text is None else "PUT", "/-/" + what, text)
        response = connection.getresponse()
        answer = response.read().decode()
        connection.close()
        if response.status != 200:
            raise SystemExit(f"disaster: the bucket answers {response.status} for {what}")
        return answer

    def set_faults(self, text):
        self.ask("faults", text)

    def let_leases_run_out(self):
        """A lease lasts for a minute of the server's."""
        self.ahead += 61
        self.ask("ahead", str(self.ahead))

    def keys(self):
        """Every object but leases, and unfinished uploads as "unfinished KEY"."""
        lines = self.ask("keys").splitlines()
        return [line.replace(PREFIX, "", 1) for line in lines if not line.endswith("/.lock")]

    # ---- As a place where files lie ----

    def ids(self, cluster):
        """Of the backups with a catalog."""
        parts = [key.split("/") for key in self.keys()]
        return {part[2] for part in parts
                if part[0] == cluster and part[1] == "backups" and part[-1] == "backup.json"}

    def files(self, cluster, backup):
        folder = f"{cluster}/backups/{backup}/"
        return sorted(key.removeprefix(folder) for key in self.keys() if key.startswith(folder))

    def flip(self, cluster, backup, name, share, bit):
        key = f"{PREFIX}{cluster}/backups/{backup}/{name}"
        self.ask("flip", f"{share} {bit} {key}")

    def delete(self, cluster, backup, name):
        self.ask("delete", f"{PREFIX}{cluster}/backups/{backup}/{name}")

    def leftovers(self, cluster):
        """Of runs that died."""
        whole = self.ids(cluster)
        begins = (f"{cluster}/", f"unfinished {cluster}/")
        return [key for key in self.keys() if key.startswith(begins) and (
            key.startswith("unfinished ") or key.split("/")[2] not in whole)
            and key.split("/")[1] == "backups"]
