"""`lifeboat list` of a vault with a thousand backups, beside `cat` of the same catalogs."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import etcd
import measure
import vaults

BACKUPS = 1000


def make_vault(lifeboat, folder, snapshot):
    """A thousand backups that are one and the same, but for their ids."""
    vault = vaults.make_vault(lifeboat, folder, snapshot)
    newest = vault / "bench" / "backups" / vaults.NEWEST
    catalog = json.loads((newest / "backup.json").read_text())
    name = catalog["files"][0]["name"]
    for number in range(1, BACKUPS):
        minutes, seconds = divmod(number, 60)
        catalog["id"] = "2026-01-01_00%02d%02d" % (minutes, seconds)
        another = newest.parent / catalog["id"]
        another.mkdir()
        os.link(newest / name, another / name)
        (another / "backup.json").write_text(json.dumps(catalog))
    return vault


def run(root):
    lifeboat = str(root / "build" / "release" / "lifeboat")
    folder = pathlib.Path(tempfile.mkdtemp(dir=root / "build" / "bench"))
    try:
        vault = make_vault(lifeboat, folder, etcd.snapshot(root, "flat"))
        ours = [lifeboat, "list", "--vault", str(vault), "--cluster", "bench", "-o", "json"]
        listed = json.loads(subprocess.run(ours, check=True, capture_output=True).stdout)
        if len(listed["backups"]) != BACKUPS:
            raise SystemExit("bench: %d backups are listed" % len(listed["backups"]))
        peer = ["/bin/sh", "-c", "cat '%s'/bench/backups/*/backup.json" % vault]
        return [measure.compare("list, %d backups: cat of their catalogs" % BACKUPS, ours, peer)]
    finally:
        shutil.rmtree(folder)
