"""`lifeboat copy` between stores, beside the tools of the field.

Compression and encryption beside a pipe, `zstd -3 -T2 FILE | age -r RECIPIENT`: the chain alone,
which also hashes what it writes, and a copy from a folder into a folder, which proves both ends
besides, by reading and hashing what it copies and what it has written. All end with everything
synced.

As it is, from a folder into a bucket on loopback: `rclone copyto FILE BUCKET`. Both compare what the
server has; ours also compares what it reads with the catalog.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import bucket
import etcd
import measure
import vaults


def make_recipient(lifeboat, folder):
    made = subprocess.run([lifeboat, "keygen", "--key-file", str(folder / "key"), "-o", "json"],
                          check=True, capture_output=True, text=True)
    return json.loads(made.stdout)["recipient"]


def build_chain(root):
    """bench/encode_chain.cc: what a backup does with its snapshot once that is proven."""
    release = root / "build" / "release"
    subprocess.run(["cmake", "--build", str(release), "--target", "encode_chain"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return str(release / "encode_chain")


def seal(root, lifeboat, shape, folder):
    path = etcd.snapshot(root, shape)
    target = folder / "target"

    def no_target():
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()

    recipient = make_recipient(lifeboat, folder)
    chain = [build_chain(root), str(path), recipient, str(target)]
    copy = [lifeboat, "copy", "latest", "--vault", str(folder / "vault"), "--to", str(target),
            "--compress", "zstd", "--compress-threads", "2", "--encrypt-to", recipient, "--quiet"]
    pipe = "zstd -3 -T2 -q -c '%s' | age -r %s -o '%s/peer' && sync -d '%s/peer'" % (
        path, recipient, target, target)
    return [measure.compare("%s (%s): zstd -T2 | age" % (name, shape), ours,
                            ["/bin/sh", "-c", pipe], no_target)
            for name, ours in (("zstd and age", chain), ("copy, zstd and age", copy))]


def set_up_clients(endpoint):
    """Keys are in the environment only; what the user has set there is no part of this."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "RCLONE_", "LIFEBOAT_"))]:
        del os.environ[name]
    remote = {"TYPE": "s3", "PROVIDER": "Other", "ENDPOINT": endpoint,
              "ACCESS_KEY_ID": bucket.KEY, "SECRET_ACCESS_KEY": bucket.SECRET}
    os.environ.update({"RCLONE_CONFIG_BENCH_" + name: value for name, value in remote.items()})
    os.environ.update(AWS_ACCESS_KEY_ID=bucket.KEY, AWS_SECRET_ACCESS_KEY=bucket.SECRET,
                      RCLONE_CONFIG="")


def upload(root, lifeboat, shape, folder):
    path = str(etcd.snapshot(root, shape))
    with bucket.Bucket(root) as target:
        set_up_clients(target.endpoint)
        ours = [lifeboat, "copy", "latest", "--vault", str(folder / "vault"), "--to",
                "s3://bench/vault?endpoint=" + target.endpoint, "--compress", "none", "--quiet"]
        peer = [shutil.which("rclone"), "copyto", path, "bench:bench/peer.db"]
        return [measure.compare("copy into a bucket (%s): rclone copyto" % shape, ours, peer,
                                target.empty)]


def run(root):
    lifeboat = str(root / "build" / "release" / "lifeboat")
    missing = [tool for tool in ("zstd", "age", "rclone") if not shutil.which(tool)]
    if missing:
        raise SystemExit("bench: there is no %s: run scripts/setup" % missing[0])
    works = [seal]
    if bucket.program(root).exists():
        works.append(upload)
    else:
        print("bench: there is no S3 server, so no upload: see scripts/setup", flush=True)
    results = []
    for shape in etcd.SHAPES:
        folder = pathlib.Path(tempfile.mkdtemp(dir=root / "build" / "bench"))
        try:
            vaults.make_vault(lifeboat, folder, str(etcd.snapshot(root, shape)))
            for work in works:
                results += work(root, lifeboat, shape, folder)
        finally:
            shutil.rmtree(folder)
    return results
