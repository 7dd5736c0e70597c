"""What was done and what was found, counted; the only place that prints."""
import collections
import threading
import time


class Counts:
    def __init__(self, log):
        self.lock = threading.RLock()
        self.begin = time.monotonic()
        self.log = open(log, "a", buffering=1, encoding="utf-8")
        self.faults = collections.Counter()
        self.left_out = {}
        self.runs = collections.Counter()
        self.passed = collections.Counter()
        self.failed = collections.Counter()

    def say(self, text):
        with self.lock:
            line = f"{time.monotonic() - self.begin:7.1f}  {text}"
            print(line, flush=True)
            self.note(line)

    def note(self, text):
        with self.lock:
            self.log.write(text + "\n")

    def fault(self, kind, text=""):
        with self.lock:
            self.faults[kind] += 1
            self.say(f"fault: {kind}{': ' if text else ''}{text}")

    def leave_out(self, kind, why):
        """A kind of fault that can't be had on this machine."""
        with self.lock:
            if self.left_out.setdefault(kind, why) is why:
                self.say(f"left out: {kind}: {why}")

    def run(self, status):
        with self.lock:
            self.runs[status] += 1

    def check(self, what, holds, evidence=""):
        """A check: of `what` there are a few, and each has a line in the table."""
        with self.lock:
            (self.passed if holds else self.failed)[what] += 1
            if not holds:
                self.say(f"FAILED: {what}: {evidence}")
        return holds

    def failures(self):
        return sum(self.failed.values())

    def print_table(self, backups):
        with self.lock:
            rows = [("backups taken", backups)]
            rows += [(f"runs that ended with {status}", count)
                     for status, count in sorted(self.runs.items(), key=str)]
            rows += [(f"fault: {kind}", count) for kind, count in sorted(self.faults.items())]
            rows += [(f"fault: {kind}", f"left out: {why}")
                     for kind, why in sorted(self.left_out.items())]
            for what in sorted(self.passed | self.failed):
                rows.append((f"check: {what}",
                             f"{self.passed[what]} passed, {self.failed[what]} failed"))
            rows += [("backups lost", self.failed["a backup is still there"]),
                     ('false "proven"', self.failed["what is called proven is"] +
                      self.failed["damage is found"]),
                     ("runs that failed without a fault",
                      self.failed["a run without a fault does well"])]
            width = max(len(name) for name, _ in rows)
            print()
            for name, value in rows:
                print(f"{name:<{width}}  {value}")
            print(f"{sum(self.passed.values())} passed, {self.failures()} failed", flush=True)
