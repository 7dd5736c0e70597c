"""`lifeboat restore` of a snapshot of 1 GiB, with its proofs, beside `etcdutl snapshot restore`.

Where no etcdutl is unpacked (scripts/setup --etcd-versions), beside etcd 3.4's `etcdctl snapshot
restore`. Both end with everything synced.
"""
import os
import pathlib
import shutil
import tempfile

import etcd
import measure


def peer_tool(root):
    etcdutl = root / "build" / "etcd" / "3.5" / "usr" / "bin" / "etcdutl"
    return str(etcdutl) if etcdutl.exists() else etcd.binary(root, "etcdctl")


def run(root):
    lifeboat = str(root / "build" / "release" / "lifeboat")
    os.environ["ETCDCTL_API"] = "3"
    results = []
    for shape in etcd.SHAPES:
        path = str(etcd.snapshot(root, shape))
        scratch = pathlib.Path(tempfile.mkdtemp(dir=root / "build" / "bench"))
        target = scratch / "data"

        def no_target():
            shutil.rmtree(target, ignore_errors=True)

        try:
            ours = [lifeboat, "restore", path, "--data-dir", str(target), "--bump-revision", "0",
                    "--quiet"]
            peer = [peer_tool(root), "snapshot", "restore", path, "--data-dir", str(target)]
            results.append(measure.compare("restore (%s): snapshot restore" % shape, ours, peer,
                                           no_target))
        finally:
            shutil.rmtree(scratch)
    return results
