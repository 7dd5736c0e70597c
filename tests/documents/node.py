"""A node: a root of its own, laid over this machine's, with an etcd that starts and stops in it.

What is written there goes to memory. All nodes share one network. Here is done what systemd and the
kubelet would do about etcd: it runs while its unit is started, or its manifest is there.
"""
import os
import pathlib
import socket
import subprocess
import threading
import time

MANIFESTS = ("etc/kubernetes/manifests/etcd.yaml", "etc/kubernetes/manifests/etcd-pod.yaml")
# The user and group etcd of a unit.
ETCD = 2379
# A block may take no longer.
SECONDS_MAX = 60
# Where a script leaves its variables to the next one.
EXPORTED = "/run/node/exported"
PATH = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def mount_over(target, upper, *lower):
    """Mounts what lies in the lower folders, the first on top; changes go to `upper`."""
    changes, work = upper / "changes", upper / "work"
    for folder in (target, changes, work):
        folder.mkdir(parents=True)
    layers = ":".join(str(folder) for folder in lower)
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                    f"lowerdir={layers},upperdir={changes},workdir={work}", target], check=True)


class Node:
    def __init__(self, folder, layer, checkout, vault, address):
        self.folder, self.root, self.address = folder, folder / "root", address
        self.command, self.is_unit = [], False
        self.process, self.stopping = None, threading.Event()
        mount_over(self.root, folder / "system", layer, "/")
        for source, target in (("/proc", "proc"), ("/sys", "sys"), ("/dev", "dev"),
                               (vault, "backups")):
            subprocess.run(["mount", "--rbind", source, self.root / target], check=True)
        # Where an operator stands: in a checkout.
        mount_over(self.root / "srv/lifeboat", folder / "checkout", checkout)
        self.state = self.path("/run/node")
        self.state.mkdir()
        self.notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.notified.bind(str(self.state / "notify"))
        os.chmod(self.state / "notify", 0o666)
        self.keeper = threading.Thread(target=self.keep, daemon=True)

    def path(self, name):
        """A path of the node's, as it is called outside."""
        return self.root / pathlib.PurePosixPath(name).relative_to("/")

    def write(self, name, content):
        place = self.path(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content, encoding="utf-8")

    # ---- etcd ----

    def start(self, command, is_unit):
        """From here on etcd runs when it is to. It does now: nothing stops it before its time."""
        self.command, self.is_unit = command, is_unit
        if is_unit:
            (self.state / "wanted").touch()
        self.keeper.start()

    def is_wanted(self):
        return (self.state / "wanted").exists() or any((self.root / name).exists()
                                                       for name in MANIFESTS)

    def keep(self):
        while not self.stopping.wait(0.05):
            runs = self.process is not None and self.process.poll() is None
            if not runs:
                self.forget()
            if self.is_wanted() and not runs:
                self.start_etcd()
            elif runs and not self.is_wanted():
                self.stop_etcd()
            elif runs and self.says_ready():
                (self.state / "ready").touch()

    def start_etcd(self):
        who = f"--userspec={ETCD}:{ETCD}" if self.is_unit else "--userspec=0:0"
        (self.state / "running").touch()
        with open(self.folder / "etcd.log", "ab") as log:
            self.process = subprocess.Popen(
                ["chroot", who, self.root, *self.command], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env={"PATH": PATH, "NOTIFY_SOCKET": "/run/node/notify"})

    def stop_etcd(self):
        """A member whose others stop as well waits for them; as in any runtime, not forever."""
        self.process.terminate()
        try:
            self.process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.forget()

    def says_ready(self):
        try:
            return b"READY=1" in self.notified.recv(4096)
        except BlockingIOError:
            return False

    def forget(self):
        for name in ("ready", "running"):
            (self.state / name).unlink(missing_ok=True)

    def wait_until_ready(self):
        for _ in range(400):
            if (self.state / "ready").exists():
                return
            time.sleep(0.05)
        raise OSError(f"etcd at {self.address} does not start: {self.log_end()}")

    def log_end(self):
        return (self.folder / "etcd.log").read_text(encoding="utf-8")[-1500:]

    def kill_etcd(self):
        """For good, and its data with it."""
        self.stopping.set()
        self.keeper.join()
        self.process.kill()
        self.process.wait()
        self.forget()
        subprocess.run(["rm", "-rf", self.path("/var/lib/etcd/member")], check=True)

    # ---- Commands ----

    def begin(self, script, environment):
        """Starts a script as the shell of an operator would run it who stops at the first error.

        What it exports is there for the next one.
        """
        whole = (f"cd /srv/lifeboat; . {EXPORTED} 2>/dev/null\nset -eo pipefail\n"
                 f"{script}\nexport -p > {EXPORTED}")
        return subprocess.Popen(
            ["timeout", str(SECONDS_MAX), "chroot", self.root, "/bin/bash", "-c", whole],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={"PATH": PATH, "HOME": "/srv", "LANG": "C.UTF-8", **environment})

    def run(self, script):
        """Its output. It has to end well."""
        process = self.begin(script, {})
        output, _ = process.communicate()
        if process.returncode:
            raise OSError(f"{script}: {output}")
        return output

    def close(self):
        self.stopping.set()
        if self.keeper.is_alive():
            self.keeper.join()
        if self.process:
            self.process.kill()
            self.process.wait()
        self.notified.close()
        subprocess.run(["umount", "--recursive", "--lazy", self.root], check=True)
