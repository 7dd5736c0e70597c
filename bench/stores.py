"""Compression and encryption beside a pipe of the tools of the field, `zstd -3 -T2 FILE | age -r
RECIPIENT`: the chain alone, which also hashes what it writes, and `lifeboat copy`, which proves both
ends besides, by reading and hashing what it copies and what it has written. All end with everything
synced.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import etcd
import measure


def make_vault(lifeboat, folder, snapshot):
    """A vault with that snapshot as its one backup."""
    found = folder / "found"
    vault = folder / "vault"
    found.mkdir()
    vault.mkdir()
    os.link(snapshot, found / "snapshot_2026-11-21_060000.db")
    subprocess.run([lifeboat, "adopt", str(found), "--vault", str(vault), "--cluster", "bench",
                    "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return vault


def make_recipient(lifeboat, folder):
    made = subprocess.run([lifeboat, "keygen", "--key-file", str(folder / "key"), "-o", "json"],
                          check=True, capture_output=True, text=True)
    return json.loads(made.stdout)["recipient"]


def build_chain(root):
    """bench/encode_chain.cc: what a backup does with its snapshot once that is proven."""
    subprocess.run(["cmake", "--build", str(root / "build" / "release"), "--target",
                    "encode_chain"], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return str(root / "build" / "release" / "encode_chain")


def run(root):
    lifeboat = str(root / "build" / "release" / "lifeboat")
    missing = [tool for tool in ("zstd", "age") if not shutil.which(tool)]
    if missing:
        raise SystemExit("bench: there is no %s: run scripts/setup" % missing[0])
    chain = build_chain(root)
    results = []
    for shape in etcd.SHAPES:
        path = str(etcd.snapshot(root, shape))
        folder = pathlib.Path(tempfile.mkdtemp(dir=root / "build" / "bench"))
        target = folder / "target"

        def no_target():
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir()

        try:
            vault = make_vault(lifeboat, folder, path)
            recipient = make_recipient(lifeboat, folder)
            ours = [lifeboat, "copy", "latest", "--vault", str(vault), "--to", str(target),
                    "--compress", "zstd", "--encrypt-to", recipient, "--quiet"]
            pipe = ("zstd -3 -T2 -q -c '%s' | age -r %s -o '%s/peer' && sync -d '%s/peer'" %
                    (path, recipient, target, target))
            results.append(measure.compare("zstd and age (%s): zstd -T2 | age" % shape,
                                           [chain, path, recipient, str(target)],
                                           ["/bin/sh", "-c", pipe], no_target))
            results.append(measure.compare("copy, zstd and age (%s): zstd -T2 | age" % shape, ours,
                                           ["/bin/sh", "-c", pipe], no_target))
        finally:
            shutil.rmtree(folder)
    return results
