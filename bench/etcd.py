"""A throw-away etcd on loopback, and databases made with it."""
import base64
import http.client
import json
import os
import random
import shutil
import socket
import subprocess
import time

MIB = 1024 * 1024


def binary(root, name):
    path = root / "build" / "etcd" / "3.4" / "usr" / "bin" / name
    if not path.exists():
        raise SystemExit("bench: %s is missing: run scripts/setup" % name)
    return str(path)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Etcd:
    """One member, plain http. Use with `with`."""

    def __init__(self, root, folder):
        self.folder = folder
        self.port = free_port()
        self.url = "http://127.0.0.1:%d" % self.port
        peer = "http://127.0.0.1:%d" % free_port()
        self.log = open(str(folder) + ".log", "wb")
        self.process = subprocess.Popen(
            [binary(root, "etcd"), "--data-dir", str(folder), "--listen-client-urls", self.url,
             "--advertise-client-urls", self.url, "--listen-peer-urls", peer,
             "--initial-advertise-peer-urls", peer, "--initial-cluster", "default=" + peer,
             "--quota-backend-bytes", str(8 * 1024 * MIB)],
            stdout=self.log, stderr=self.log)

    def __enter__(self):
        for _ in range(600):
            try:
                self.request("/v3/kv/range", {"key": encoded("x")})
                return self
            except (OSError, http.client.HTTPException, RuntimeError):
                time.sleep(0.1)
        raise SystemExit("bench: etcd does not start, see %s.log" % self.folder)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()

    def request(self, path, body, connection=None):
        connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", path, json.dumps(body))
        response = connection.getresponse()
        answer = response.read()
        if response.status != 200:
            raise RuntimeError("etcd says %d: %s" % (response.status, answer[:200]))
        return json.loads(answer)


def encoded(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def fill(etcd, puts):
    """Writes (key, value) pairs in transactions of about a megabyte."""
    connection = http.client.HTTPConnection("127.0.0.1", etcd.port, timeout=60)
    batch, size = {}, 0
    for key, value in puts:
        # etcd takes 128 operations in a transaction, and none may write a key twice.
        if len(batch) == 120 or size > MIB or key in batch:
            put_all(etcd, connection, batch)
            batch, size = {}, 0
        batch[key] = value
        size += len(value)
    put_all(etcd, connection, batch)


def put_all(etcd, connection, batch):
    etcd.request("/v3/kv/txn", {"success": [
        {"requestPut": {"key": encoded(key), "value": encoded(value)}}
        for key, value in batch.items()]}, connection)


def flat_puts():
    """100,000 keys with two revisions each, values of 4 KiB."""
    dice = random.Random(1)
    for _ in range(2):
        for number in range(100_000):
            yield "/bench/key-%06d" % number, dice.randbytes(4096)


def kubernetes_puts():
    """About a GiB as an API server leaves it: many kinds, sizes from 300 bytes to 30 KiB."""
    dice = random.Random(2)
    kinds = [("events", 40, 600, 1100), ("pods", 20, 3000, 12000), ("secrets", 15, 1500, 9000),
             ("configmaps", 10, 300, 30000), ("replicasets", 10, 2500, 5000),
             ("leases", 5, 300, 500)]
    weights = [kind[1] for kind in kinds]
    total, number = 0, 0
    while total < 900 * MIB:
        name, _, smallest, largest = dice.choices(kinds, weights)[0]
        value = b"k8s\0" + dice.randbytes(dice.randint(smallest, largest))
        # Every fifth write is an update of something written before.
        if number > 1000 and dice.random() < 0.2:
            key = "/registry/%s/ns-%d/object-%d" % (name, number % 50, dice.randrange(number))
        else:
            key = "/registry/%s/ns-%d/object-%d" % (name, number % 50, number)
        number += 1
        total += len(value)
        yield key, value


SHAPES = {"flat": flat_puts, "kubernetes": kubernetes_puts}


def data_folder(root, shape):
    """The data directory of an etcd that holds a database of that shape, made once."""
    folder = root / "build" / "bench" / ("data-" + shape)
    if not folder.exists():
        print("bench: making a database of 1 GiB (%s), once" % shape, flush=True)
        fresh = folder.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        os.makedirs(fresh.parent, exist_ok=True)
        with Etcd(root, fresh) as etcd:
            fill(etcd, SHAPES[shape]())
        os.rename(fresh, folder)
    return folder


def snapshot(root, shape):
    """A snapshot of that database, as etcdctl saves it."""
    path = root / "build" / "bench" / (shape + ".db")
    if not path.exists():
        with Etcd(root, data_folder(root, shape)) as etcd:
            subprocess.run([binary(root, "etcdctl"), "--endpoints", etcd.url, "snapshot", "save",
                            str(path)], check=True, env={**os.environ, "ETCDCTL_API": "3"},
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return path
