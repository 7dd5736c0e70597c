"""All that takes part, and the course of things: rounds of faults, each with a pause after it."""
import heapq
import itertools
import shutil
import threading
import time

import faults
import holdup
import judge
import ledger
import lifeboat
import lines
import load
import members
import plan
import record
import runs
import volume
import weather
from bucket import Bucket

PODS = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"]


class Disaster:
    def __init__(self, root, etcd_bin, program, folder, seed, counts):
        self.root, self.etcd_bin, self.folder, self.counts = root, etcd_bin, folder, counts
        for name in ("logs", "runs"):
            (folder / name).mkdir(exist_ok=True)
        self.plan = plan.Plan(seed)
        self.weather, self.ledger, self.record = weather.Weather(), ledger.Ledger(), record.Record()
        self.todo, self.between_runs = [], threading.Lock()
        self.volume = None
        self.program, self.seed = program, seed

    def start(self):
        self.volume = volume.Volume(self.folder)
        self.bucket = Bucket(self.root, self.folder)
        self.cluster = members.Cluster(self.root, self.etcd_bin, self.folder)
        self.cluster.start_all()
        self.lines = lines.Lines([member.port for member in self.cluster.members])
        self.lifeboat = lifeboat.Lifeboat(self.program, self.folder, self.bucket, self.counts)
        self.node = self.make_node()
        self.load = load.Load(self.seed, self.cluster, self.record)
        self.runner = runs.Runner(self)
        self.faults = faults.Faults(self)
        self.judge = judge.Judge(self)
        self.holdup = holdup.Holdup(self)
        self.runner.start()
        self.runner.is_idle.wait()

    def make_node(self):
        """The files of a host of the control plane, which go into each backup."""
        kubernetes = self.folder / "node" / "etc" / "kubernetes"
        (kubernetes / "manifests").mkdir(parents=True)
        (kubernetes / "pki").mkdir()
        for name in PODS:
            (kubernetes / "manifests" / f"{name}.yaml").write_text(
                f"apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\nspec:\n  containers:\n"
                f"  - name: {name}\n    command:\n    - {name}\n")
        for name in ("ca.crt", "ca.key"):
            shutil.copy(self.cluster.tls / name, kubernetes / "pki" / name)
        return self.folder / "node"

    # ---- What the parts ask of each other ----

    def place(self, name):
        return self.volume if name == "folder" else self.bucket

    def url(self, name):
        return str(self.volume.vault) if name == "folder" else self.bucket.url

    def look(self):
        """Which catalogs there are now."""
        for cluster in [*judge.CLUSTERS, holdup.CLUSTER]:
            self.ledger.saw("bucket", cluster, self.bucket.ids(cluster))
            if not self.volume.is_broken:
                self.ledger.saw("folder", cluster, self.volume.ids(cluster))

    def is_from_the_future(self, cluster, answer):
        """Whether a backup there says a time that is still to come, or the one that a run has just
        taken, which comes after what a dead run may have left."""
        now = time.strftime("%Y-%m-%d_%H%M%S", time.gmtime(time.time() - 2))
        taken = (answer or {}).get("backup")
        if taken and taken["id"] > now:
            return True
        with self.ledger.lock:
            return any(each[1] == cluster and each[2] > now for each in self.ledger.seen)

    def chore(self, action):
        """To be done while no run is under way."""
        with self.between_runs:
            self.todo.append(action)

    def chores(self):
        with self.between_runs:
            todo, self.todo = self.todo, []
        for action in todo:
            action()

    # ---- The course of things ----

    def run(self, seconds):
        end = time.monotonic() + seconds
        self.pause()
        if seconds >= holdup.SHORTEST_MINUTES * 60:
            self.holdup.start()
        while time.monotonic() < end:
            self.round()
            self.pause()
        self.holdup.is_over = True

    def round(self):
        length, events = self.plan.next_round()
        self.counts.say(f"round {self.plan.rounds}: {length:.0f} s of faults")
        self.load.go_on()
        self.runner.go_on()
        begin, ends, order = time.monotonic(), [], itertools.count()
        for event in events:
            self.work_off(ends, begin + event.at)
            end = self.faults.begin(event)
            if end:
                heapq.heappush(ends, (time.monotonic() + event.seconds, next(order), end))
        self.work_off(ends, begin + length)
        while ends:
            heapq.heappop(ends)[2]()

    @staticmethod
    def work_off(ends, until):
        """Ends faults whose time has come, until that moment."""
        while time.monotonic() < until:
            while ends and ends[0][0] <= time.monotonic():
                heapq.heappop(ends)[2]()
            time.sleep(0.05)

    def pause(self):
        """Everything is mended, and looked at."""
        begin = time.monotonic()
        for thread in self.faults.threads:
            thread.join()
        self.faults.threads.clear()
        self.runner.pause()
        self.chores()
        self.cluster.mend()
        self.load.pause()
        self.cluster.await_health()
        self.runner.let_leases_run_out()
        with self.holdup.awake:
            self.weather.clear()
            self.look()
            count, unknown = self.record.counts()
            self.counts.say(f"pause: {count} acknowledged changes, {unknown} of unknown outcome")
            self.judge.look_at_everything()
        self.counts.say(f"pause: {self.counts.failures()} checks failed so far, it took "
                        f"{time.monotonic() - begin:.0f} s")
