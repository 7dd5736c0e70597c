"""The load: writers that never rest, each with a connection of its own, and a record of it all.

Values are all different, so that each says which write it comes from.
"""
import random
import threading
import time

import gateway
from record import Lease

WRITERS = 2
PAUSE = 0.02
TTLS = [5, 20, 60, 3600]
FIRST_KEYS = 1200


def put(key, value, lease=None):
    body = {"key": gateway.encoded(key), "value": gateway.encoded(value)}
    if lease:
        body["lease"] = lease
    return body


def prefix_end(prefix):
    """The end of the range of all keys with that prefix."""
    return prefix[:-1] + bytes([prefix[-1] + 1])


class Writer(threading.Thread):
    def __init__(self, number, seed, cluster, record, gate):
        super().__init__(daemon=True)
        self.number, self.cluster, self.record, self.gate = number, cluster, record, gate
        self.dice = random.Random(f"load {seed} {number}")
        self.member = number
        self.line = None
        self.leases = []
        self.written = 0
        self.is_idle = threading.Event()
        self.error = None

    def run(self):
        try:
            self.fill()
            while True:
                if not self.gate.is_set():
                    self.is_idle.set()
                    self.gate.wait()
                    self.is_idle.clear()
                self.step()
                time.sleep(self.dice.random() * 2 * PAUSE)
        except Exception as error:  # The main thread tells of it.
            self.error = error
            self.is_idle.set()
            raise

    def fill(self):
        for begin in range(0, FIRST_KEYS // WRITERS, 50):
            self.put_all([(b"/first/%d/%d" % (self.number, number), self.value(2000))
                          for number in range(begin, begin + 50)])

    def value(self, longest=1500):
        self.written += 1
        begin = b"%d of writer %d: " % (self.written, self.number)
        # Half of it can be compressed.
        noise = self.dice.randbytes(self.dice.randrange(longest // 2))
        return begin + noise + bytes(len(noise))

    def step(self):
        actions = [(self.put_one, 50), (self.put_some, 14), (self.delete_one, 9),
                   (self.delete_range, 3), (self.put_on_lease, 14), (self.revoke, 2),
                   (self.compact, 0.7), (self.defragment, 0.3)]
        action = self.dice.choices([each[0] for each in actions], [each[1] for each in actions])[0]
        action()

    def key(self):
        return b"/key/%d" % self.dice.randrange(500)

    # ---- Requests. None: no answer. ----

    def ask(self, path, body, unknown=lambda: None):
        if not self.line:
            member = self.cluster.members[self.member % len(self.cluster.members)]
            self.line = gateway.Gateway(member.port, self.cluster.context)
        try:
            return self.line.ask(path, body)
        except gateway.NotDone:
            self.line = None
            self.member += 1
            time.sleep(0.05)
        except gateway.Unknown:
            self.line = None
            self.member += 1
            unknown()
        return None

    def change(self, path, body, pairs, lease=None):
        """A request that gives keys values."""
        answer = self.ask(path, body, lambda: self.record.put_unknown(pairs, lease))
        if answer:
            self.record.put(int(answer["header"]["revision"]), pairs, lease)
        return answer

    def put_one(self):
        key, value = self.key(), self.value()
        self.change("/v3/kv/put", put(key, value), [(key, value)])

    def put_some(self):
        self.put_all([(key, self.value()) for key in {self.key() for _ in range(4)}])

    def put_all(self, pairs):
        """At one revision."""
        body = {"success": [{"requestPut": put(*pair)} for pair in pairs]}
        self.change("/v3/kv/txn", body, pairs)

    def delete_one(self):
        # Of a transaction, so that the revision is told also where there was nothing to delete.
        key = self.key()
        body = {"success": [{"requestDeleteRange": {"key": gateway.encoded(key)}}]}
        self.change("/v3/kv/txn", body, [(key, None)])

    def delete_range(self):
        prefix = b"/range/%d/" % self.dice.randrange(10)
        if self.dice.random() < 0.6:
            return self.put_all([(prefix + b"%d" % number, self.value(600))
                                 for number in range(10)])
        body = {"key": gateway.encoded(prefix),
                "range_end": gateway.encoded(prefix_end(prefix))}
        answer = self.ask("/v3/kv/deleterange", body,
                          lambda: self.record.delete_range(prefix, None))
        if answer:
            self.record.delete_range(prefix, int(answer["header"]["revision"]))
        return None

    # ---- Leases ----

    def put_on_lease(self):
        if not self.leases or self.dice.random() < 0.3:
            self.grant()
        alive = [each for each in self.leases if each[1].ends > time.monotonic() + 1]
        if alive:
            name, lease = self.dice.choice(alive)
            key, value = b"/lease/%d" % self.dice.randrange(100), self.value(400)
            self.change("/v3/kv/put", put(key, value, name), [(key, value)], lease)

    def grant(self):
        ttl = self.dice.choice(TTLS)
        begin = time.monotonic()
        answer = self.ask("/v3/lease/grant", {"TTL": ttl})
        if answer:
            self.leases.append((answer["ID"], Lease(begin, ttl)))
            self.leases = self.leases[-12:]

    def revoke(self):
        if not self.leases:
            return
        name, lease = self.leases.pop(self.dice.randrange(len(self.leases)))
        lease.revoked_from = time.monotonic()
        answer = self.ask("/v3/lease/revoke", {"ID": name})
        if answer:
            lease.revoked_at = int(answer["header"]["revision"])

    # ---- Upkeep ----

    def compact(self):
        revision = self.record.newest_revision() - self.dice.randrange(20, 400)
        if revision > 0:
            self.ask("/v3/kv/compaction", {"revision": revision,
                                           "physical": self.dice.random() < 0.5})

    def defragment(self):
        self.ask("/v3/maintenance/defragment", {})


class Load:
    def __init__(self, seed, cluster, record):
        self.gate = threading.Event()
        self.writers = [Writer(number, seed, cluster, record, self.gate)
                        for number in range(WRITERS)]
        for writer in self.writers:
            writer.start()
        for writer in self.writers:
            writer.is_idle.wait()
        self.check()

    def go_on(self):
        for writer in self.writers:
            writer.is_idle.clear()
        self.gate.set()

    def pause(self):
        """When it returns nothing is under way."""
        self.gate.clear()
        for writer in self.writers:
            writer.is_idle.wait()
        self.check()

    def check(self):
        for writer in self.writers:
            if writer.error:
                raise SystemExit(f"disaster: the load broke: {writer.error!r}")
