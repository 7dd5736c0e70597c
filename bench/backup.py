"""`lifeboat backup` with every proof, beside `etcdctl snapshot save`, which proves nothing."""
import os
import pathlib
import shutil
import tempfile

import etcd
import measure


def run(root):
    lifeboat = str(root / "build" / "release" / "lifeboat")
    os.environ["ETCDCTL_API"] = "3"
    results = []
    for shape in etcd.SHAPES:
        folder = etcd.data_folder(root, shape)
        vault = pathlib.Path(tempfile.mkdtemp(dir=folder.parent))

        def empty_vault():
            shutil.rmtree(vault)
            vault.mkdir()

        try:
            with etcd.Etcd(root, folder) as member:
                ours = [lifeboat, "backup", "--endpoints", member.url, "--vault", str(vault),
                        "--cluster", "bench", "--quiet"]
                peer = [etcd.binary(root, "etcdctl"), "--endpoints", member.url, "snapshot",
                        "save", str(vault / "snapshot.db")]
                results.append(measure.compare(
                    "backup, every proof (%s): snapshot save" % shape, ours, peer, empty_vault))
        finally:
            shutil.rmtree(vault)
    return results
