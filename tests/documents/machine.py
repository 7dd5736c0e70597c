"""The machine that the documents are tried on: namespaces of its own, and nothing of it stays.

It has a network with nothing but itself in it, to which the addresses of three nodes belong, a
bucket, and the API server of an OpenShift that is at rest.
"""
import fcntl
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import time

ADDRESSES = ("10.0.0.5", "10.0.0.6", "10.0.0.7")
BUCKET_NAME = "minio.example.com"
SIOCSIFFLAGS, SIOCSIFADDR, IFF_UP = 0x8914, 0x8916, 1
# Folders that are empty at first, whatever the machine below has there.
EMPTY = ("backups", "etc/kubernetes", "home", "mnt", "root", "run", "tmp", "var/lib/etcd",
         "var/tmp")


def bring_up_network():
    """Loopback with the nodes' addresses. (ip is not everywhere.)"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
        for number, address in enumerate(ADDRESSES):
            request = struct.pack("16sHH4s8x", f"lo:{number}".encode(), socket.AF_INET, 0,
                                  socket.inet_aton(address))
            fcntl.ioctl(any_socket, SIOCSIFADDR, request)


class Machine:
    """To be made in namespaces of its own, of mounts, processes and the network."""

    def __init__(self, root, etcd, lifeboat, folder):
        self.root, self.folder = root, folder
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
        bring_up_network()
        self.tls = folder / "tls"
        self.make_certificates()
        self.layer = folder / "layer"
        self.make_layer(etcd, lifeboat)
        self.serve("s3_server.py", folder / "bucket-port", "--port", "443", "--bucket",
                   "etcd-backups", "--tls", self.tls / "server.crt", self.tls / "server.key")
        port = self.serve("operators_api.py", "settled", folder / "api-port",
                          self.tls / "server.crt", self.tls / "server.key", self.tls / "ca.crt")
        self.api = f"https://127.0.0.1:{port}"

    def make_certificates(self):
        self.tls.mkdir()
        names = ",".join([f"IP:{address}" for address in ("127.0.0.1", *ADDRESSES)] +
                         [f"DNS:{name}" for name in ("localhost", BUCKET_NAME)])
        script = ('source "$1"; make_ca "$2" ca; make_certificate "$2" ca server 300 "$3"; '
                  'make_certificate "$2" ca client 300')
        subprocess.run(["bash", "-c", script, "bash", self.root / "scripts/etcd.sh", self.tls,
                        names], check=True)

    def make_layer(self, etcd, lifeboat):
        """What the nodes have besides what this machine has."""
        for name in EMPTY:
            place = self.layer / name
            place.mkdir(parents=True)
            # It hides what is below.
            os.setxattr(place, "trusted.overlay.opaque", b"y")
        for name in ("tmp", "var/tmp"):
            (self.layer / name).chmod(0o1777)
        for name in ("home/core", "mnt/usb", "usr/local/bin", "etc/lifeboat"):
            (self.layer / name).mkdir(parents=True)
        shutil.copytree(etcd / "usr/bin", self.layer / "usr/bin")
        shutil.copy(lifeboat, self.layer / "usr/local/bin/lifeboat")
        for stand_in in (self.root / "tests/documents/node").iterdir():
            shutil.copy(stand_in, self.layer / "usr/local/bin")
        shutil.copy(self.tls / "ca.crt", self.layer / "etc/lifeboat/minio-ca.crt")
        for name, kind in (("passwd", "etcd:x:2379:2379::/:/bin/false"), ("group", "etcd:x:2379:")):
            others = [line for line in pathlib.Path("/etc", name).read_text().splitlines()
                      if not line.startswith("etcd:")]
            (self.layer / "etc" / name).write_text("\n".join([*others, kind, ""]))
        (self.layer / "etc/hosts").write_text(f"127.0.0.1 localhost {BUCKET_NAME}\n")

    def serve(self, program, *arguments):
        """Starts one of the servers of the end-to-end tests. Its port."""
        port_file = next(path for path in arguments if str(path).endswith("-port"))
        subprocess.Popen([self.root / "tests/e2e" / program, *arguments], stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            if port_file.exists():
                return port_file.read_text().strip()
            time.sleep(0.05)
        raise OSError(f"{program} does not start")
