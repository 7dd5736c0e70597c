"""Which backups there must be, in which place, and what we did to them."""
import re
import threading


def order(backup):
    """Of ids: by time, then by number."""
    parts = re.fullmatch(r"(\d{4}-\d\d-\d\d_\d{6})(?:_(\d+))?", backup)
    return (parts[1], int(parts[2] or 1))


class Ledger:
    """Places are "folder" and "bucket"; a backup is (place, cluster, id)."""

    def __init__(self):
        self.lock = threading.Lock()
        self.claimed = set()   # a run said so, or `list` called it proven
        self.seen = set()      # a catalog was there, claimed or not
        self.damaged = {}      # by us: what was done, a Damage
        self.gone = set()      # removed by us after that
        self.checked = set()   # proven, restored, drilled and compared

    def claim(self, place, cluster, backup):
        with self.lock:
            self.claimed.add((place, cluster, backup))
            self.seen.add((place, cluster, backup))

    def saw(self, place, cluster, backups):
        with self.lock:
            self.seen |= {(place, cluster, backup) for backup in backups}

    def taken(self):
        return len({(cluster, backup) for _, cluster, backup in self.claimed})

    def may_be_damaged(self, place, cluster):
        with self.lock:
            return sorted((each for each in self.claimed - set(self.damaged) - self.gone
                           if each[:2] == (place, cluster)), key=lambda each: order(each[2]))

    def damage(self, backup, what):
        with self.lock:
            self.damaged[backup] = what

    def remove(self, backup):
        with self.lock:
            del self.damaged[backup]
            self.gone.add(backup)

    def must_be_there(self, place, cluster, keeps):
        """The claimed ones that nobody of ours touched and that retention keeps."""
        with self.lock:
            seen = sorted((each[2] for each in self.seen - self.gone
                           if each[:2] == (place, cluster)), key=order)
            kept = set(seen[-keeps:])
            return {each[2] for each in self.claimed - set(self.damaged) - self.gone
                    if each[:2] == (place, cluster) and each[2] in kept}
