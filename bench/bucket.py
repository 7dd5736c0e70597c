"""A throw-away bucket on loopback, in the S3 server that scripts/setup installs for the tests."""
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import etcd

# What that server takes unless it is told of others. They stay out of command lines.
KEY, SECRET = "S3RVER", "S3RVER"


def program(root):
    return root / "build" / "s3rver" / "node_modules" / "s3rver" / "bin" / "s3rver.js"


class Bucket:
    """A bucket called "bench". Use with `with`."""

    def __init__(self, root):
        self.port = etcd.free_port()
        self.endpoint = "http://127.0.0.1:%d" % self.port
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=root / "build" / "bench"))
        self.process = subprocess.Popen(
            # What it gives to continue a listing with is made with a cipher of old.
            [shutil.which("node"), "--openssl-legacy-provider", str(program(root)), "--silent",
             "--directory", str(self.folder), "--address", "127.0.0.1", "--port", str(self.port),
             "--configure-bucket", "bench"],
            stdout=subprocess.DEVNULL)

    def __enter__(self):
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except OSError:
                time.sleep(0.1)
        self.__exit__()
        raise SystemExit("bench: the S3 server does not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)

    def empty(self):
        """Objects are files to this server."""
        shutil.rmtree(self.folder / "bench")
        os.mkdir(self.folder / "bench")
