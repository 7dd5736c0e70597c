"""How each planned fault is brought about, and how it ends."""
import dataclasses
import signal
import threading

import plan

DATABASE_BYTES = 6_000_000


class NotNow(Exception):
    """What the fault needs is in other hands."""


@dataclasses.dataclass
class Damage:
    place: str
    what: str
    file: str

    @property
    def is_of_catalog(self):
        return self.file == "backup.json"

    @property
    def takes_catalog(self):
        return self.is_of_catalog and self.what == "deletion"

    def __str__(self):
        return f"{self.what} of {self.file} in the {self.place}"


class Faults:
    """A method for each kind; it returns what ends the fault, or None."""

    def __init__(self, disaster):
        self.disaster, self.counts = disaster, disaster.counts
        self.held = set()
        self.threads = []

    def begin(self, event):
        """What ends it, or None: then it is over, or was not to be had."""
        method = {
            "member killed": lambda: self.members(event, 1, signal.SIGKILL),
            "two members killed": lambda: self.members(event, 2, signal.SIGKILL),
            "member stopped": lambda: self.members(event, 1, signal.SIGSTOP),
            "two members stopped": lambda: self.members(event, 2, signal.SIGSTOP),
            "member replaced": lambda: self.replace(event),
            "connections cut": lambda: self.lines(event, "cut"),
            "connections refused": lambda: self.lines(event, "refuse"),
            "connections cut in mid-stream": lambda: self.lines_in_stream(event, "cut"),
            "latency": lambda: self.lines(event, "latency", latency=event.dice.uniform(0.005, 0.3),
                                          rate=event.dice.choice([500_000, 12_000_000])),
            "half-open connections": lambda: self.lines(event, "half_open"),
            "half-open in mid-stream": lambda: self.lines_in_stream(event, "half_open"),
            "bucket errors": lambda: self.bucket(event, event.dice.choice(plan.BUCKET_ERRORS)),
            "bucket lies": lambda: self.bucket(event, event.dice.choice(plan.BUCKET_LIES)),
            "bucket stalls": lambda: self.bucket(event, event.dice.choice(["stall:3", "stall:9"])),
            "volume full": lambda: self.fill(event),
            "volume errors": lambda: self.break_volume(event),
            "bit flip": lambda: self.damage(event, "flip"),
            "file deleted": lambda: self.damage(event, "deletion"),
        }[event.kind]
        try:
            return method()
        except NotNow as error:
            self.counts.say(f"not now: {event.kind}: {error}")
            return None

    def hold(self, *names):
        if self.held & set(names):
            raise NotNow("another fault is at it")
        self.held |= set(names)

    def spell(self, event, text, names, undo):
        """Counts the fault and returns its end."""
        self.counts.fault(event.kind, f"{text}, for {event.seconds:.1f} s" if text else "")
        spell = self.disaster.weather.begin(event.kind)

        def end():
            undo()
            self.held -= set(names)
            self.disaster.weather.end(spell)
        return end

    # ---- Members ----

    def members(self, event, count, number):
        chosen = event.dice.sample(self.disaster.cluster.members, count)
        self.hold("members")
        for member in chosen:
            member.signal(number)

        def undo():
            for member in chosen:
                member.signal(signal.SIGCONT)
                if number == signal.SIGKILL:
                    member.kill()
                    self.disaster.cluster.restart(member)
        return self.spell(event, " and ".join(each.name for each in chosen), ["members"], undo)

    def replace(self, event):
        member = event.dice.choice(self.disaster.cluster.members)
        self.hold("members")
        end = self.spell(event, member.name, ["members"], lambda: None)

        def replace():
            done = self.disaster.cluster.replace(member)
            self.counts.say(f"{member.name} is {'' if done else 'not yet '}replaced")
            end()
        self.threads.append(threading.Thread(target=replace, daemon=True))
        self.threads[-1].start()

    # ---- Lines ----

    def lines(self, event, mode, **detail):
        count = event.dice.choice([1, 1, 2, 3])
        numbers = event.dice.sample(range(len(self.disaster.lines.lines)), count)
        self.hold("lines")
        self.disaster.lines.set(numbers, mode, **detail)
        text = f"{mode} at {numbers}" + "".join(f", {name} {value:.3g}"
                                                for name, value in detail.items())
        return self.spell(event, text, ["lines"],
                          lambda: self.disaster.lines.set(numbers, "pass"))

    def lines_in_stream(self, event, mode):
        return self.lines(event, mode, bytes=event.dice.randrange(DATABASE_BYTES))

    # ---- Vaults ----

    def bucket(self, event, text):
        self.hold("bucket")
        self.disaster.bucket.set_faults(text)
        return self.spell(event, text, ["bucket"], lambda: self.disaster.bucket.set_faults(""))

    def needs_volume(self, event):
        why = self.disaster.volume.why_not
        if why:
            self.counts.leave_out(event.kind, why)
            raise NotNow(why)
        self.hold("volume")

    def fill(self, event):
        left = event.dice.randrange(2 * DATABASE_BYTES)
        self.needs_volume(event)
        try:
            self.disaster.volume.fill(left)
        except OSError as error:
            self.counts.say(f"not quite full: {error}")
        return self.spell(event, f"{left} bytes are left", ["volume"], self.disaster.volume.free)

    def break_volume(self, event):
        share = event.dice.choice([0, 0, 0.005, 0.02, 0.1, 0.3])
        self.needs_volume(event)
        self.disaster.volume.break_from(share)
        end = self.spell(event, f"behind {share:.0%} of it", ["volume"], self.mend_volume)
        # It is mended while no run uses it.
        return lambda: self.disaster.chore(end)

    def mend_volume(self):
        said = self.disaster.volume.mend()
        self.counts.note(f"e2fsck: {said}")

    # ---- Files ----

    def damage(self, event, what):
        """Of a few backups."""
        for _ in range(event.dice.randint(1, 3)):
            self.damage_one(event, what)

    def damage_one(self, event, what):
        dice = event.dice
        place = dice.choice(["folder", "bucket"])
        if "volume" in self.held:
            place = "bucket"
        share, file_share, bit = dice.random(), dice.random(), dice.randrange(8)
        chosen = dice.random()
        there = self.disaster.place(place)
        backups = self.disaster.ledger.may_be_damaged(place, "prod")
        if not backups:
            raise NotNow("there is no backup to be damaged")
        backup = backups[int(chosen * len(backups))]
        files = there.files("prod", backup[2])
        if not files:
            raise NotNow("there is no file to be damaged")
        file = files[int(file_share * len(files))]
        self.disaster.ledger.damage(backup, Damage(place, what if what == "deletion" else
                                                   f"flip of bit {bit} at {share:.6f}", file))
        if what == "flip":
            there.flip("prod", backup[2], file, share, bit)
            if file == "backup.json":
                # Until the pause: every run says that it can't read it.
                self.disaster.weather.begin(f"catalog damaged in the {place}")
        else:
            there.delete("prod", backup[2], file)
        kind = "catalog" if file == "backup.json" else file.partition("_")[0]
        self.counts.fault(f"{event.kind}: {kind}", f"{place}, {backup[2]}")
