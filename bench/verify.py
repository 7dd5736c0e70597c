"""`lifeboat verify` of a snapshot of 1 GiB, beside a plain hash of it and etcd's own look at it."""
import os
import shutil

import etcd
import measure


def run(root):
    lifeboat = str(root / "build" / "release" / "lifeboat")
    os.environ["ETCDCTL_API"] = "3"
    results = []
    for shape in etcd.SHAPES:
        path = str(etcd.snapshot(root, shape))
        everything = [lifeboat, "verify", path, "--quiet"]
        walk = everything + ["--checks", "pages,records,hash_kv"]
        status = [etcd.binary(root, "etcdctl"), "snapshot", "status", path]
        results += [
            measure.compare("verify, every check (%s): openssl dgst" % shape, everything,
                            [shutil.which("openssl"), "dgst", "-sha256", path]),
            measure.compare("verify, no trailer (%s): snapshot status" % shape, walk, status),
        ]
        bbolt = shutil.which("bbolt")
        if bbolt:
            results.append(measure.compare("verify, no trailer (%s): bbolt check" % shape, walk,
                                           [bbolt, "check", path]))
    return results
