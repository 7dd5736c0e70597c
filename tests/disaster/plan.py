"""What happens when, from one seed: the same seed plans the same faults in the same order."""
import dataclasses
import random

ROUND_SECONDS = (25, 35)
GAP_SECONDS = (1.5, 3.5)

# Each is dealt once before any comes again.
EVENTS = ["member killed", "two members killed", "member stopped", "two members stopped",
          "member replaced", "connections cut", "connections refused",
          "connections cut in mid-stream", "latency", "half-open connections",
          "half-open in mid-stream", "bucket errors", "bucket lies", "bucket stalls",
          "volume full", "volume errors", "bit flip", "bit flip", "file deleted"]
GROUPS = ["member", "bucket", "volume", "flip", "file"]
RUN_FAULTS = ["lifeboat killed", "lifeboat stopped", "lifeboat killed", "clock jumps",
              "clock jumps in a run", "system call fails"]

BUCKET_ERRORS = ["500:3", "500:1", "slow_down:4", "cut:4", "lost:5", "truncate:3",
                 "500:17 slow_down:13 cut:11 lost:19 truncate:7"]
BUCKET_LIES = ["checksum:1", "etag:1", "forget:1", "etag:3"]
SYSTEM_CALLS = [("fsync", "EIO"), ("fdatasync", "EIO"), ("rename,renameat2", "EIO"),
                ("pread64", "EIO"), ("mkdir,mkdirat", "ENOSPC"), ("unlink,unlinkat", "EIO"),
                ("getdents64", "EIO"), ("flock", "ENOLCK"), ("newfstatat", "EIO"),
                ("fsync,fdatasync", "ENOSPC"), ("statfs", "EIO"), ("rmdir", "EIO")]
HOUR = 3600
JUMPS = [-300, 300, -5 * HOUR, -30 * HOUR, 7 * HOUR, 3 * 24 * HOUR, 20 * 24 * HOUR]


@dataclasses.dataclass
class Event:
    at: float         # seconds from the round's begin
    kind: str
    seconds: float    # how long it lasts
    dice: random.Random


@dataclasses.dataclass
class RunPlan:
    cluster: str
    places: list      # of "folder" and "bucket"; the first is --vault
    keeps: int        # --keep-last
    prunes: bool      # `lifeboat prune` follows
    fault: str        # of RUN_FAULTS, or empty
    pause: float      # before it begins
    dice: random.Random


class Deck:
    def __init__(self, cards, dice):
        self.cards, self.dice, self.left = cards, dice, []

    def deal(self, suits=lambda card: True):
        """The next card that suits, or None. One that does not waits."""
        if not self.left:
            self.left = self.dice.sample(self.cards, len(self.cards))
        for place, card in enumerate(self.left):
            if suits(card):
                return self.left.pop(place)
        return None


def group_of(kind):
    """Two of one group are never at the same time."""
    return next((group for group in GROUPS if group in kind), "lines")


class Plan:
    """Rounds and runs are to be asked for in their order."""

    def __init__(self, seed):
        self.seed, self.rounds, self.runs = seed, 0, 0
        self.events = Deck(EVENTS, random.Random(f"events {seed}"))
        self.faults = Deck(RUN_FAULTS, random.Random(f"faults {seed}"))

    def next_round(self):
        """How long it is, and its events."""
        self.rounds += 1
        dice = random.Random(f"round {self.seed} {self.rounds}")
        length = dice.uniform(*ROUND_SECONDS)
        events, free_at, at = [], {}, dice.uniform(*GAP_SECONDS)
        while at < length - 2:
            kind = self.events.deal(lambda card: free_at.get(group_of(card), 0) < at)
            if kind:
                event = Event(at, kind, dice.uniform(2, 7),
                              random.Random(f"event {self.seed} {dice.random()}"))
                free_at[group_of(kind)] = at + event.seconds + 0.5
                events.append(event)
            at += dice.uniform(*GAP_SECONDS)
        return length, events

    def next_run(self):
        self.runs += 1
        dice = random.Random(f"run {self.seed} {self.runs}")
        fault = self.faults.deal() if dice.random() < 0.5 else ""
        if fault.startswith("clock"):
            cluster = "clock"
        else:
            cluster = dice.choices(["prod", "short", "clock"], [70, 20, 10])[0]
        places = dice.choices([["folder", "bucket"], ["bucket", "folder"], ["folder"], ["bucket"]],
                              [70, 10, 10, 10])[0]
        return RunPlan(cluster, places, KEEPS[cluster], cluster == "short" and dice.random() < 0.4,
                       fault, dice.uniform(0.3, 2.0), dice)


# What --keep-last is told in each cluster's folder of a vault, and what `prune` is told.
KEEPS = {"prod": 100_000, "short": 3, "clock": 100_000, "held": 100_000}
PRUNE_KEEPS = 2
