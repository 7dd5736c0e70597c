"""What was written to etcd, as its answers told, and what a backup must hold therefore.

etcd numbers its changes. At a revision R a key has what the newest acknowledged write at or before
R gave it. Only this may differ: a write whose answer never came may have been done at any time, and
a key on a lease may be gone once the lease may have run out.
"""
import collections
import threading
import time


class Write:
    """A value, or None: a deletion. A lease, or None."""

    def __init__(self, revision, value, lease=None):
        self.revision, self.value, self.lease = revision, value, lease


class Lease:
    """`granted` is when the grant was asked for: it can't run out earlier than its time after."""

    def __init__(self, granted, ttl):
        self.ends = granted + ttl
        self.revoked_from = None  # when its end was asked for
        self.revoked_at = None    # the revision of that, once acknowledged

    def may_be_over(self, revision, moment):
        """At a revision that was the newest no later than at that moment."""
        if self.revoked_at is not None and self.revoked_at <= revision:
            return True
        asked = self.revoked_from is not None and self.revoked_from <= moment
        # Acknowledged at a later revision: it was not over before.
        if asked and self.revoked_at is None:
            return True
        return self.ends <= moment


class Record:
    def __init__(self):
        self.lock = threading.Lock()
        self.writes = collections.defaultdict(list)   # by key
        self.unknown = collections.defaultdict(list)  # by key: Writes without a revision
        self.ranges = []                              # (prefix, revision), None where unknown
        self.moments = []                             # (revision, when it was acknowledged)
        self.count = 0

    def put(self, revision, pairs, lease=None):
        """`pairs`: a key and its value, or None, each. All of one revision."""
        with self.lock:
            for key, value in pairs:
                self.writes[key].append(Write(revision, value, lease))
            self.acknowledged(revision)

    def put_unknown(self, pairs, lease=None):
        with self.lock:
            for key, value in pairs:
                self.unknown[key].append(Write(None, value, lease))

    def delete_range(self, prefix, revision):
        with self.lock:
            self.ranges.append((prefix, revision))
            if revision is not None:
                self.acknowledged(revision)

    def acknowledged(self, revision):
        self.count += 1
        self.moments.append((revision, time.monotonic()))

    def newest_revision(self):
        with self.lock:
            return max((revision for revision, _ in self.moments), default=0)

    def counts(self):
        with self.lock:
            return self.count, sum(len(writes) for writes in self.unknown.values())

    def differences(self, revision, found):
        """Of what an etcd holds, {key: (value, revision)}, from what it must hold; as texts."""
        with self.lock:
            moment = min((when for number, when in self.moments if number >= revision),
                         default=time.monotonic())
            keys = set(self.writes) | set(self.unknown) | set(found)
            differences = [self.difference(key, found.get(key), revision, moment)
                           for key in sorted(keys)]
        return [difference for difference in differences if difference]

    def difference(self, key, found, revision, moment):
        newest = self.newest(key, revision)
        if self.is_as_written(newest, found, revision, moment):
            return None
        if self.is_explained(key, newest, found, revision, moment):
            return None
        return (f"{key.decode()}: it has {shown(found)}, and the newest acknowledged write up to "
                f"revision {revision} is {shown((newest.value, newest.revision))}")

    def newest(self, key, revision):
        candidates = [write for write in self.writes.get(key, []) if write.revision <= revision]
        candidates += [Write(at, None) for prefix, at in self.ranges
                       if at is not None and at <= revision and key.startswith(prefix)]
        return max(candidates, key=lambda write: write.revision, default=Write(0, None))

    @staticmethod
    def is_as_written(newest, found, revision, moment):
        if found is None:
            lease = newest.lease
            return newest.value is None or (
                lease is not None and lease.may_be_over(revision, moment))
        if found != (newest.value, newest.revision):
            return False
        revoked = newest.lease.revoked_at if newest.lease else None
        return revoked is None or not newest.revision < revoked <= revision

    def is_explained(self, key, newest, found, revision, moment):
        """By a write of unknown outcome."""
        unknown = self.unknown.get(key, [])
        if found is not None:
            return newest.revision < found[1] <= revision and any(
                write.value == found[0] for write in unknown)
        return any(write.value is None or (
            write.lease is not None and write.lease.may_be_over(revision, moment))
            for write in unknown) or any(
                at is None and key.startswith(prefix) for prefix, at in self.ranges)


def shown(pair):
    if pair is None or pair[0] is None:
        return "nothing"
    return f"{pair[0][:40]!r} of revision {pair[1]}"
