"""`lifeboat list` of a vault with a thousand backups, beside `cat` of the same catalogs."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import etcd
import measure

BACKUPS = 1000


def make_vault(lifeboat, folder, snapshot):
    """A thousand backups that are one and the same, but for their ids."""
    found = folder / "found"
    vault = folder / "vault"
    found.mkdir()
    vault.mkdir()
    os.link(snapshot, found / "snapshot_2026-01-01_000000.db")
    subprocess.run([lifeboat, "adopt", str(found), "--vault", str(vault), "--cluster", "bench",
                    "--quiet"], check=True, stdout=subprocess.DEVNULL)
    first = vault / "bench" / "backups" / "2026-01-01_000000"
    catalog = json.loads((first / "backup.json").read_text())
    for number in range(1, BACKUPS):
        minutes, seconds = divmod(number, 60)
        catalog["id"] = "2026-01-01_00%02d%02d" % (minutes, seconds)
        another = first.parent / catalog["id"]
        another.mkdir()
        os.link(first / "snapshot_2026-01-01_000000.db", another / "snapshot_2026-01-01_000000.db")
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
