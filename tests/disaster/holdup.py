"""A run that is held up for longer than its lease of the bucket lasts.

Meanwhile another run may take the lease over; the first must notice when it goes on, and put
nothing more. In a cluster of its own, beside all else. The bucket's clock does not jump while one
of them is awake: by it alone the age of a lease is told.
"""
import random
import signal
import threading
import time

import plan
import weather

CLUSTER = "held"
LEASE_SECONDS = 62
SHORTEST_MINUTES = 4
ALLOWED = {weather.DONE, weather.CORRUPT, weather.STORAGE, weather.ETCD, weather.BUSY,
           weather.ATTENTION}


class Holdup(threading.Thread):
    def __init__(self, disaster):
        super().__init__(daemon=True)
        self.disaster, self.counts = disaster, disaster.counts
        self.dice = random.Random(f"holdup {disaster.seed}")
        # Held while a run of ours is awake, and by a pause.
        self.awake = threading.Lock()
        # The last pause is over: what is held up still is of no interest, and will be killed.
        self.is_over = False

    def run(self):
        while True:
            planned = plan.RunPlan(CLUSTER, ["bucket"], plan.KEEPS[CLUSTER], False, "", 0, None)
            held = self.begin(planned)
            if held:
                time.sleep(LEASE_SECONDS)
                self.finish(planned, held)
            time.sleep(1)

    def start_run(self, planned):
        return self.disaster.lifeboat.start(self.disaster.runner.arguments(planned))

    def begin(self, planned):
        """A run that stands still, or None: it was too quick."""
        with self.awake:
            process = self.start_run(planned)
            moment = self.dice.uniform(0.05, 1.0)
            time.sleep(moment)
            if process.poll() is not None:
                self.end(planned, process)
                return None
            process.send_signal(signal.SIGSTOP)
        self.counts.fault("lifeboat stopped for longer than its lease", f"after {moment:.2f} s")
        return process

    def finish(self, planned, held):
        with self.awake:
            other = self.start_run(planned)
            time.sleep(self.dice.uniform(0, 4))
            held.send_signal(signal.SIGCONT)
            self.end(planned, held)
            self.end(planned, other)

    def end(self, planned, process):
        status, answer, errors = self.disaster.lifeboat.wait(process)
        if self.is_over:
            return
        self.counts.run(status)
        self.counts.say(f"backup of {CLUSTER} into bucket: {status}")
        self.counts.check("a run ends as it may", status in ALLOWED, f"{status}: {errors}")
        if status in (weather.DONE, weather.ATTENTION):
            self.disaster.runner.claim(planned, status, answer)
