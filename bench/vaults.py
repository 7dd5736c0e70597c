"""Vaults to measure on."""
import os
import subprocess

NEWEST = "2026-11-21_060000"


def make_vault(lifeboat, folder, snapshot):
    """A vault in that folder with that snapshot as its one backup."""
    found = folder / "found"
    vault = folder / "vault"
    found.mkdir()
    vault.mkdir()
    os.link(snapshot, found / ("snapshot_%s.db" % NEWEST))
    subprocess.run([lifeboat, "adopt", str(found), "--vault", str(vault), "--cluster", "bench",
                    "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return vault
