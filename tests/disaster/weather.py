"""Which faults there are, and have been, and what they excuse."""
import threading
import time

# How long a fault is felt after its end.
SETTLE_SECONDS = {"member": 12, "two members": 12, "volume": 0.5}
SETTLE_OTHERS = 3

# Exit status that each kind excuses, by how its name begins. -9 is SIGKILL.
DONE, CONFIGURATION, CORRUPT, STORAGE, ETCD, BUSY, ATTENTION = 0, 2, 4, 5, 6, 7, 8
EXCUSES = {
    "member": {ETCD, ATTENTION},
    "two members": {ETCD, ATTENTION},
    "connections": {ETCD, ATTENTION},
    "latency": {ETCD, ATTENTION},
    "half-open": {ETCD, ATTENTION},
    "bucket lies": {STORAGE, CORRUPT, ATTENTION},
    "bucket": {STORAGE, BUSY, ATTENTION},
    "volume": {STORAGE, ATTENTION},
    "lease left": {BUSY, ATTENTION},
    "catalog damaged": {ATTENTION},
    "lifeboat killed": {-9},
    "lifeboat stopped": {ETCD, STORAGE, ATTENTION, BUSY},
    "clock": {ATTENTION, STORAGE, ETCD},
    # Certificates and keys are configuration.
    "system call": {CONFIGURATION, STORAGE, ATTENTION},
}


def of_kind(table, kind, otherwise):
    for begin in sorted(table, key=len, reverse=True):
        if kind.startswith(begin):
            return table[begin]
    return otherwise


def excuses(kinds):
    allowed = {DONE}
    for kind in kinds:
        allowed |= of_kind(EXCUSES, kind, set())
    return allowed


# Kinds that are felt in one place only.
PLACES = {"bucket": "bucket", "lease left": "bucket", "volume": "folder",
          "catalog damaged in the bucket": "bucket", "catalog damaged in the folder": "folder"}


def felt_in(places, kinds):
    """Those of the kinds that a run in these places can feel."""
    return {kind for kind in kinds if of_kind(PLACES, kind, places[0]) in places}


class Weather:
    def __init__(self):
        self.lock = threading.Lock()
        self.spells = []  # [kind, begin, end or None]

    def begin(self, kind):
        with self.lock:
            spell = [kind, time.monotonic(), None]
            self.spells.append(spell)
            return spell

    @staticmethod
    def end(spell):
        if spell[2] is None:
            spell[2] = time.monotonic()

    def clear(self):
        """Nothing is felt any more: everything was mended, and waited for."""
        with self.lock:
            self.spells = []

    def felt_since(self, begin):
        """The kinds that a run which began then may have met."""
        with self.lock:
            return {kind for kind, _, end in self.spells
                    if end is None or end + of_kind(SETTLE_SECONDS, kind, SETTLE_OTHERS) > begin}
