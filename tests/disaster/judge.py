"""What must hold at a pause, when every fault has ended and nothing is under way."""
import concurrent.futures
import shutil
import subprocess
import threading

import gateway
import holdup
import places
import plan
import weather

CLUSTERS = ["prod", "short", "clock"]
KEPT = {**plan.KEEPS, "short": plan.PRUNE_KEEPS}
LOST, FALSE, FOUND = "a backup is still there", "what is called proven is", "damage is found"


def is_proven(catalog):
    disagreed = catalog["etcd"].get("hash_kv", {}).get("live") == "different"
    return bool(catalog.get("verified", {}).get("checks")) and not disagreed


class Judge:
    def __init__(self, disaster):
        self.disaster, self.counts = disaster, disaster.counts
        self.ledger, self.lifeboat = disaster.ledger, disaster.lifeboat
        self.restores = disaster.folder / "restored"
        self.restores.mkdir()
        self.ports = threading.Lock()

    def look_at_everything(self):
        self.find_damage()
        for cluster in CLUSTERS:
            self.quiet_run(cluster)
        places_to_check = []
        for place in ("folder", "bucket"):
            todo = []
            for cluster in CLUSTERS:
                todo += self.look_at(place, cluster)
            if place == "bucket" and self.disaster.bucket.ids(holdup.CLUSTER):
                todo += self.look_at(place, holdup.CLUSTER)
            places_to_check.append(todo)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(self.prove_all, places_to_check))

    def in_vault(self, command, place, cluster, *more):
        return self.lifeboat.run(command, *more, "--vault", self.disaster.url(place), "--cluster",
                                 cluster, "-o", "json")

    # ---- Damage from outside ----

    def find_damage(self):
        for backup, what in sorted(self.ledger.damaged.items()):
            place, cluster, name = backup
            status, _, errors = self.in_vault("verify", place, cluster, name)
            self.counts.check(FOUND, status in ({3, 4} if what.is_of_catalog else {4}),
                              f"{status} after {what} {name}: {errors}")
            if what.takes_catalog:
                _, answer, _ = self.in_vault("list", place, cluster)
                listed = {catalog["id"] for catalog in (answer or {"backups": []})["backups"]}
                self.counts.check(FOUND, name not in listed, f"{name} is listed after {what}")
            else:
                # As an operator would, once he knows. What has no catalog the next run removes.
                for file in self.disaster.place(place).files(cluster, name):
                    self.disaster.place(place).delete(cluster, name, file)
            self.ledger.remove(backup)

    # ---- A run that nothing disturbs ----

    def quiet_run(self, cluster):
        planned = plan.RunPlan(cluster, ["folder", "bucket"], plan.KEEPS[cluster], False, "", 0,
                               None)
        self.disaster.runner.back_up(planned)
        for place in ("folder", "bucket"):
            left = self.disaster.place(place).leftovers(cluster)
            self.counts.check("nothing of a dead run is left", not left, f"{place}: {left}")

    # ---- What is there ----

    def look_at(self, place, cluster):
        """The catalogs of those that are still to be restored."""
        status, answer, errors = self.in_vault("list", place, cluster)
        if not self.counts.check("list does well", status == 0 and answer, f"{status}: {errors}"):
            return []
        catalogs = {catalog["id"]: catalog for catalog in answer["backups"]}
        here = self.disaster.place(place).ids(cluster)
        self.counts.check("list shows what is there", set(catalogs) == here,
                          f"{place}/{cluster}: {sorted(set(catalogs) ^ here)}")
        for name in sorted(self.ledger.must_be_there(place, cluster, KEPT[cluster])):
            self.counts.check(LOST, name in catalogs, f"{place}/{cluster}/{name} is gone")
        self.verify_all(place, cluster)
        proven = []
        for name, catalog in catalogs.items():
            live = catalog["etcd"].get("hash_kv", {}).get("live")
            self.counts.check("members that agree are not called different", live != "different",
                              f"{place}/{cluster}/{name}")
            if is_proven(catalog):
                self.ledger.claim(place, cluster, name)
                if (place, cluster, name) not in self.ledger.checked:
                    proven.append((place, cluster, catalog))
        return proven

    def verify_all(self, place, cluster):
        status, answer, errors = self.in_vault("verify", place, cluster, "--all")
        results = answer["results"] if answer else []
        self.counts.check("verify --all does well", status == 0, f"{status}: {errors}")
        for result in results:
            self.counts.check(FALSE, result["ok"], f"verify, {place}/{cluster}: {result}")

    # ---- What each proven backup must do ----

    def prove_all(self, todo):
        for place, cluster, catalog in todo:
            name = catalog["id"]
            self.ledger.checked.add((place, cluster, name))
            self.drill(place, cluster, name)
            self.restore(place, cluster, catalog)

    def drill(self, place, cluster, name):
        status, answer, errors = self.in_vault(
            "drill", place, cluster, name, "--etcd", self.disaster.etcd_bin / "etcd",
            "--timeout", "15s")
        failed = {check["name"] for check in (answer or {}).get("checks", []) if not check["ok"]}
        boots = self.counts.check("etcd starts in a drill", not failed & {"boot", "restart"},
                                  f"{place}/{cluster}/{name}: {status}: {errors}")
        if boots:
            said = f"drill of {place}/{cluster}/{name}: {status}: {errors}"
            self.counts.check(FALSE, answer and answer["ok"], said)
            # A run that is held up may have the vault: then the drill can't write itself down.
            not_recorded = (cluster == holdup.CLUSTER and status == weather.ATTENTION
                            and "is not recorded in the vault: another run is at work" in errors)
            self.counts.check("a drill ends well", status == 0 or not_recorded, said)

    def restore(self, place, cluster, catalog):
        name = f"{place}/{cluster}/{catalog['id']}"
        folder = self.restores / name.replace("/", "-")
        status, _, errors = self.in_vault("restore", place, cluster, catalog["id"],
                                          "--data-dir", folder)
        if self.counts.check(FALSE, status == 0, f"restore of {name}: {status}: {errors}"):
            self.compare(name, folder, catalog["etcd"]["revision"])
        shutil.rmtree(folder, ignore_errors=True)

    def compare(self, name, folder, revision):
        """What an etcd serves that is started on it, with what was acknowledged."""
        with self.ports:
            port, peer = places.take_port(), places.take_port()
        client = f"http://127.0.0.1:{port}"
        with open(self.disaster.folder / "logs" / "restored.log", "ab") as log:
            process = subprocess.Popen(
                [str(self.disaster.etcd_bin / "etcd"), "--data-dir", str(folder),
                 "--listen-client-urls", client, "--advertise-client-urls", client,
                 "--listen-peer-urls", f"http://127.0.0.1:{peer}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            found = self.read(process, port)
        finally:
            process.kill()
            process.wait()
        if not self.counts.check(FALSE, found, f"etcd does not serve what {name} restores to"):
            return
        self.counts.check(FALSE, found[0] == revision,
                          f"{name} is at revision {found[0]}, its catalog says {revision}")
        differences = self.disaster.record.differences(found[0], found[1])
        self.counts.check(FALSE, not differences,
                          f"{name}: {len(differences)} keys differ: {differences[:3]}")

    @staticmethod
    def read(process, port):
        line, found = gateway.Gateway(port), []

        def try_it():
            try:
                found.append(line.ask_every_key())
            except (gateway.NotDone, gateway.Unknown):
                pass
            return found or process.poll() is not None
        places.wait_until(try_it, 60, 0.05)
        line.close()
        return found[0] if found else None
